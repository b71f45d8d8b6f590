using System.Buffers.Text;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Presence.Actors.Model;
using Presence.Host.Auth;
using Xunit;

namespace Presence.Tests.Host.Auth;

/// <summary>Minted tokens, decoded as the SDKs decode them: whatever the username and the vars are.</summary>
[Trait("Clause", "A3")]
public sealed class MintedTokenPropertyTests
{
    private static readonly UserId User = new(Guid.Parse(Jwt.Uid));

    // What produces '-' and '_', what stands beside it, and what a slash can mend.
    private static readonly string[] Telling = [">", "?", "~", "/", "o", "O", "c", "é", "ÿ", "ş", "\u00be", "\uff5e", "プ", "漢", "😀", "\U0010ffff"];

    private static readonly Gen<string> Letter = Gen.OneOf(
        Gen.Int[0, Telling.Length - 1].Select(i => Telling[i]),
        Gen.Char[' ', '~'].Where(c => c is not ('"' or '\\')).Select(c => c.ToString()),
        Gen.Char['\u00a0', '\ud7ff'].Select(c => c.ToString()),
        Gen.Int[0x10000, 0x10ffff].Select(char.ConvertFromUtf32));

    private static readonly Gen<string> Text = Letter.Array[1, 12].Select(string.Concat);

    private readonly TokenIssuer _issuer;

    public MintedTokenPropertyTests()
    {
        var (options, time) = (TestOptions.With(), new FakeTimeProvider(DateTimeOffset.UtcNow));
        _issuer = new(options, new Revocations(options, time), time);
    }

    [Fact]
    public void Every_SDK_can_sign_in_and_reads_what_it_can() =>
        Gen.Select(Text, Text, Text).Sample((username, name, value) =>
        {
            var vars = ImmutableSortedDictionary<string, string>.Empty.Add(name, value);
            var tokens = _issuer.Issue(User, username, vars);
            foreach (var token in (string[])[tokens.Session, tokens.Refresh])
            {
                Assert.Equal(-1, token.Split('.')[1].AsSpan().IndexOfAny('-', '_'));
                // The server itself and every JSON library.
                Same(Jwt.ClaimsOf(token), username, name, value);
                Same(SdkDecoding.Defold(token), username, name, value);

                var script = SdkDecoding.JavaScript(token);
                Assert.Equal(Jwt.Uid, script.GetProperty("uid").GetString());
                Assert.Equal(Jwt.ClaimsOf(token).GetProperty("exp").GetInt64(), script.GetProperty("exp").GetInt64());
                if (Ascii.IsValid(username))
                    Assert.Equal(username, script.GetProperty("usn").GetString());

                var dotnet = SdkDecoding.Dotnet(token);
                Assert.Equal((Jwt.Uid, script.GetProperty("exp").GetInt64()), (dotnet.UserId, dotnet.ExpireTime));
                Assert.True(dotnet.Username == username || !HasForm(username), $"not as simple as it could be: {Jwt.PayloadOf(token)}");
                // That SDK takes the name of a var as it is written.
                if (HasUnescapedForm(name) && HasForm(value))
                    Assert.Equal(value, dotnet.Vars[name]);
            }
        });

    [Fact]
    public void A_text_that_has_no_form_for_all_SDKs_is_escaped_as_little_as_can_be() =>
        Text.Where(text => !HasForm(text)).Sample(username =>
        {
            var payload = Jwt.PayloadOf(_issuer.Issue(User, username, ImmutableSortedDictionary<string, string>.Empty).Session);
            var escapes = payload.Split(@"\u").Length - 1;
            Assert.InRange(escapes, 1, username.Length);
            // Fewer escapes do not do: every way to write one escape less shows one of the two characters.
            Assert.Equal(LeastEscapes(username), escapes);
        });

    [Theory]
    [InlineData("José")]
    [InlineData("a>b")]
    [InlineData("what?")]
    [InlineData("~tilde~")]
    [InlineData("😀")]
    [InlineData("/?//>")]
    [InlineData("漢字")]
    [InlineData("who? me~")]
    public void These_names_are_written_without_an_escape_that_dotnet_reads_wrongly(string username)
    {
        var token = _issuer.Issue(User, username, ImmutableSortedDictionary<string, string>.Empty).Session;

        Assert.Equal(username, SdkDecoding.Dotnet(token).Username);
        Assert.Equal(username, SdkDecoding.Defold(token).GetProperty("usn").GetString());
        Assert.Equal(SdkDecoding.AsLatin1(username), SdkDecoding.JavaScript(token).GetProperty("usn").GetString());
    }

    [Theory]
    [InlineData("a>?~")]
    [InlineData("😀😀😀")]
    public void These_names_have_no_form_for_all_and_every_SDK_signs_in_all_the_same(string username)
    {
        Assert.False(HasForm(username));
        var token = _issuer.Issue(User, username, ImmutableSortedDictionary<string, string>.Empty).Session;

        Assert.Equal(username, SdkDecoding.Defold(token).GetProperty("usn").GetString());
        Assert.Equal(Jwt.Uid, SdkDecoding.JavaScript(token).GetProperty("uid").GetString());
        Assert.Equal(Jwt.Uid, SdkDecoding.Dotnet(token).UserId);
        Assert.Equal(1, Jwt.PayloadOf(token).Split("\\u").Length - (char.IsSurrogate(username[^1]) ? 2 : 1));
    }

    private static void Same(JsonElement claims, string username, string name, string value)
    {
        Assert.Equal(username, claims.GetProperty("usn").GetString());
        Assert.Equal(value, claims.GetProperty("vrs").GetProperty(name).GetString());
    }

    /// <summary>Whether there is a form with spaces in front and slashes with backslashes alone: all of them, tried one by one.</summary>
    private static bool HasForm(string text) => Forms(text.EnumerateRunes().Select(rune => rune.Value == '/' ? (string[])["/", "\\/"] : [rune.ToString()]));

    private static bool Forms(IEnumerable<string[]> letters)
    {
        string[] all = [""];
        foreach (var forms in letters)
            all = [.. all.SelectMany(_ => forms, (before, form) => before + form)];
        return all.Any(HasUnescapedForm);
    }

    /// <summary>Whether there is a form with spaces in front alone.</summary>
    private static bool HasUnescapedForm(string text) => Enumerable.Range(0, 3).Any(spaces => IsPlain(new string(' ', spaces) + '"' + text + '"'));

    private static bool IsPlain(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text)).AsSpan().IndexOfAny('-', '_') < 0;

    /// <summary>The least number of escapes that does, by trying all sets of characters.</summary>
    private static int LeastEscapes(string text)
    {
        var runes = text.EnumerateRunes().ToArray();
        return Enumerable.Range(1, (1 << runes.Length) - 1)
            .Where(set => Forms(runes.Select((rune, i) => (set >> i & 1) == 1 ? (string[])[Escaped(rune)] : rune.Value == '/' ? ["/", "\\/"] : [rune.ToString()])))
            .Min(set => runes.Where((_, i) => (set >> i & 1) == 1).Sum(rune => rune.Utf16SequenceLength));
    }

    private static string Escaped(Rune rune) => string.Concat(rune.ToString().Select(unit => $"\\u{(int)unit:x4}"));
}
