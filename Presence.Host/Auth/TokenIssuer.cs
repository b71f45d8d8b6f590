using System.Buffers;
using System.Buffers.Text;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Presence.Actors.Model;
using Presence.Host.Configuration;
using Presence.Host.Text;

namespace Presence.Host.Auth;

/// <summary>
/// Mints session and refresh tokens in the form that the SDKs expect (protocol section D5): HS256, the claims in the order
/// <c>tid uid usn vrs exp iat</c>, raw UTF-8, and an <c>exp</c> that fits 32 bits. Where an issuer or an audience is
/// configured, <c>iss</c> and <c>aud</c> stand behind them.
/// </summary>
internal sealed class TokenIssuer(IOptions<PresenceOptions> options, Revocations revocations, TimeProvider time)
{
    private static readonly JsonWriterOptions Plain = new() { Encoder = MinimalJsonEncoder.Instance };
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
        var payload = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(payload, Plain);
        json.WriteStartObject();
        json.WriteString("tid"u8, tokenId);
        json.WriteString("uid"u8, user.ToString());
        json.WriteString("usn"u8, username);
        if (!vars.IsEmpty)
        {
            json.WriteStartObject("vrs"u8);
            foreach (var (name, value) in vars)
                json.WriteString(name, value);
            json.WriteEndObject();
        }
        // Larger ones read as expired in the .NET SDK.
        json.WriteNumber("exp"u8, Math.Min(expiry.ToUnixTimeSeconds(), int.MaxValue));
        json.WriteNumber("iat"u8, issued.ToUnixTimeSeconds());
        if (_settings.Issuer is { } issuer)
            json.WriteString("iss"u8, issuer);
        if (_settings.Audience is { } audience)
            json.WriteString("aud"u8, audience);
        json.WriteEndObject();
        json.Flush();
        return payload.WrittenSpan;
    }

    private static string Sign(ReadOnlySpan<byte> payload, string key)
    {
        var signed = $"{Header}.{Base64Url.EncodeToString(payload)}";
        var signature = HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.ASCII.GetBytes(signed));
        return $"{signed}.{Base64Url.EncodeToString(signature)}";
    }
}
