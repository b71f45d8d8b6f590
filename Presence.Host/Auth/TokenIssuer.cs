using System.Buffers.Text;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Presence.Actors.Model;
using Presence.Host.Configuration;

namespace Presence.Host.Auth;

/// <summary>
/// Mints session and refresh tokens in the form that the SDKs expect (protocol section D5): HS256, the claims in the order
/// <c>tid uid usn vrs exp iat</c>, UTF-8 with as few escapes as the SDKs' ways of decoding allow (<see cref="PayloadWriter"/>), and an
/// <c>exp</c> that fits 32 bits. Where an issuer or an audience is
/// configured, <c>iss</c> and <c>aud</c> stand behind them.
/// </summary>
internal sealed class TokenIssuer(IOptions<PresenceOptions> options, Revocations revocations, TimeProvider time)
{
    private static readonly string Header = Base64Url.EncodeToString("""{"alg":"HS256","typ":"JWT"}"""u8);

    private readonly SessionSettings _settings = options.Value.Session;

    /// <summary>Whether tokens are minted at all (contract A3).</summary>
    public bool IsOn => _settings.AllowMinting == true;

    /// <summary>The tokens of a new login.</summary>
    /// <exception cref="InvalidOperationException">Minting is off.</exception>
    public TokenPair Issue(UserId user, string username, ImmutableSortedDictionary<string, string> vars) =>
        Mint(user, username, Guid.NewGuid().ToString(), vars, revocations.EarliestIssue(user));

    /// <summary>
    /// New tokens of a login that goes on: it keeps its id and the time it was made, so that what revokes it revokes them
    /// too. Vars replace those of the login unless empty.
    /// </summary>
    /// <exception cref="InvalidOperationException">Minting is off.</exception>
    public TokenPair Renew(TokenClaims login, ImmutableSortedDictionary<string, string> vars) =>
        Mint(login.User, login.Username, login.TokenId ?? Guid.NewGuid().ToString(), vars.IsEmpty ? login.Vars : vars, login.IssuedAt);

    private TokenPair Mint(
        UserId user, string username, string tokenId, ImmutableSortedDictionary<string, string> vars, DateTimeOffset issued)
    {
        if (!IsOn || _settings is not { SigningKey: { } sessionKey, RefreshSigningKey: { } refreshKey })
            throw new InvalidOperationException("Minting tokens is off.");
        var now = time.GetUtcNow();
        // A login right after a revocation is dated ahead of the clock; its tokens live no shorter for it.
        var start = issued > now ? issued : now;
        return new(
            Sign(Payload(start + _settings.TokenLifetime), sessionKey),
            Sign(Payload(start + _settings.RefreshTokenLifetime), refreshKey));

        ReadOnlySpan<byte> Payload(DateTimeOffset expiry) => Write(user, username, tokenId, vars, expiry, issued);
    }

    private ReadOnlySpan<byte> Write(
        UserId user, string username, string tokenId, ImmutableSortedDictionary<string, string> vars, DateTimeOffset expiry, DateTimeOffset issued)
    {
        var json = new PayloadWriter();
        json.Begin();
        json.Member("tid", tokenId);
        json.Member("uid", user.ToString());
        json.Member("usn", username);
        if (!vars.IsEmpty)
        {
            json.Name("vrs");
            json.Begin();
            foreach (var (name, value) in vars)
                json.Member(name, value);
            json.End();
        }
        // Larger ones read as expired in the .NET SDK.
        json.Member("exp", Math.Min(expiry.ToUnixTimeSeconds(), int.MaxValue));
        json.Member("iat", issued.ToUnixTimeSeconds());
        if (_settings.Issuer is { } issuer)
            json.Member("iss", issuer);
        if (_settings.Audience is { } audience)
            json.Member("aud", audience);
        json.End();
        return json.Written;
    }

    private static string Sign(ReadOnlySpan<byte> payload, string key)
    {
        var signed = $"{Header}.{Base64Url.EncodeToString(payload)}";
        var signature = HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.ASCII.GetBytes(signed));
        return $"{signed}.{Base64Url.EncodeToString(signature)}";
    }
}
