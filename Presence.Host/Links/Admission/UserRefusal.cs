using System.Globalization;
using Presence.Actors.Telemetry;

namespace Presence.Host.Links.Admission;

/// <summary>Why a login gets no link now.</summary>
/// <param name="Limit">The limit that refuses it.</param>
/// <param name="RetryAfter">After how many seconds the client should try again.</param>
internal sealed record UserRefusal(Limit Limit, int RetryAfter)
{
    /// <summary>What a client over HTTP is told; <see cref="RetryAfter"/> is in the header of that name.</summary>
    public string Text => Limit == Limit.ReplacedLogins ? "Replaced too often by newer connections" : "Too many connections of this user";

    /// <summary>What a client over TCP is told. It has no headers, so the text has the seconds where they are more than a guess.</summary>
    public string Sentence => Limit == Limit.ReplacedLogins
        ? string.Create(CultureInfo.InvariantCulture, $"{Text}; try again in {RetryAfter} s.")
        : $"{Text}.";
}
