using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Presence.Host.Auth;
using Presence.Host.Configuration;
using Xunit;

namespace Presence.Tests.Host.Auth;

/// <summary>Tokens whose parts are not base64url are refused without an exception, even with a valid signature.</summary>
[Trait("Clause", "A1")]
[Trait("Clause", "L3")]
public sealed class TokenLettersTests
{
    private const string Key = WellKnownKeys.Signing;

    private readonly FakeTimeProvider _time = new(Jwt.Now);

    [Theory]
    [InlineData("e30.a.b")]
    [InlineData("eyJhbGciOiJIUzI1NiJ9.abcde.abcd")]
    [InlineData("eyJhbGciOiJIUzI1NiJ9.e30.abcde")]
    [InlineData("eyJhbGciOiJIUzI1NiJ9.\u00e9.abcd")]
    [InlineData("eyJhbGciOiJIUzI1NiJ9.e\0.abcd")]
    [InlineData("eyJhbGciOiJIUzI1NiJ9.\ud800.abcd")]
    [InlineData("..")]
    [InlineData("")]
    public async Task Parts_that_cannot_be_decoded_are_refused(string token) => Assert.Null(await ReadAsync(token));

    [Theory]
    [InlineData('+')]
    [InlineData('/')]
    [InlineData('=')]
    [InlineData('\r')]
    [InlineData(' ')]
    [InlineData('\u00a0')]
    public async Task A_letter_that_base64url_has_not_is_refused_though_it_is_signed(char letter)
    {
        var whole = Jwt.Hmac(Jwt.Payload(("usn", "\"\u00ff\u00fe\u00ff~~~???\"")), Key).Split('.');
        for (var part = 0; part < 2; part++)
        {
            var changed = whole.ToArray();
            changed[part] = changed[part].Insert(4, letter.ToString());
            Assert.Null(await ReadAsync(Signed(changed[0], changed[1])));
        }

        Assert.NotNull(await ReadAsync(Signed(whole[0], whole[1])));
        Assert.Null(await ReadAsync(Signed(whole[0], whole[1]).Insert(whole[0].Length + whole[1].Length + 6, letter.ToString())));
    }

    private static string Signed(string header, string payload)
    {
        var signature = System.Security.Cryptography.HMACSHA256.HashData(Encoding.UTF8.GetBytes(Key), Encoding.UTF8.GetBytes($"{header}.{payload}"));
        return $"{header}.{payload}.{System.Buffers.Text.Base64Url.EncodeToString(signature)}";
    }

    private ValueTask<Presence.Actors.Connections.Identity?> ReadAsync(string token)
    {
        var options = TestOptions.With();
        return new TokenValidator(options, new Revocations(options, _time), _time, NullLogger<TokenValidator>.Instance).BearerAsync(token);
    }
}
