using System.Globalization;
using Presence.Host.Http;

namespace Presence.Host.Links.Listening;

/// <summary>What a socket is told that is refused before its client has authenticated. Nothing that the client has sent is looked at.</summary>
internal static class RefusalAnswers
{
    private const int LeastRetry = 5;
    private const int MostRetry = 15;

    private static readonly byte[][] FullHttp = [.. Enumerable.Range(LeastRetry, MostRetry - LeastRetry + 1).Select(NewFullHttp)];

    private static uint _next;

    /// <summary>
    /// There is no room (contract L5). The clients of one moment are told different times to come back, so that they do not all come at
    /// the same one. Over TLS there is no way to say anything.
    /// </summary>
    public static ReadOnlySpan<byte> Full(PortKind kind) => kind switch
    {
        PortKind.Http => FullHttp[Interlocked.Increment(ref _next) % (uint)FullHttp.Length],
        PortKind.Plain => PlainLinks.FullLine.Span,
        _ => default,
    };

    /// <summary>The request head has not come in time.</summary>
    /// <param name="now">The time.</param>
    public static byte[] Late(DateTimeOffset now) =>
        ApiError.OfStatus(StatusCodes.Status408RequestTimeout).ToHttp(string.Create(CultureInfo.InvariantCulture, $"Date: {now:r}"));

    private static byte[] NewFullHttp(int retry) =>
        (ApiError.Unavailable with { Message = PlainLinks.Full }).ToHttp(string.Create(CultureInfo.InvariantCulture, $"Retry-After: {retry}"));
}
