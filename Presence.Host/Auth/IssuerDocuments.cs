using System.Net;
using System.Text;
using Microsoft.IdentityModel.Protocols;

namespace Presence.Host.Auth;

/// <summary>
/// Reads the documents of an issuer over HTTP, each up to <see cref="MaxBytes"/> and through up to <see cref="MaxRedirects"/> redirects.
/// Every address must be https: the configured one, those that its documents name, and those that it redirects to. Plain http is taken for
/// a loopback address, and for the host of the configured address if that is plain http: the check of the configuration has allowed it.
/// </summary>
internal sealed class IssuerDocuments : IDocumentRetriever, IDisposable
{
    /// <summary>The longest document that is read. A key takes less than 3 KB, so this is room for hundreds of keys.</summary>
    public const int MaxBytes = 1024 * 1024;

    /// <summary>How many redirects of one address are followed.</summary>
    public const int MaxRedirects = 3;

    private readonly Uri _configured;

    // Time is bounded by the reader, over all documents.
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
    {
        Timeout = Timeout.InfiniteTimeSpan,
        MaxResponseContentBufferSize = MaxBytes,
    };

    /// <param name="configured">The address in the configuration.</param>
    public IssuerDocuments(string configured) => _configured = new Uri(configured);

    /// <inheritdoc/>
    /// <exception cref="IOException">The address is not allowed, the answer is not 200, or there are too many redirects.</exception>
    /// <exception cref="HttpRequestException">There is no answer, or the document is too long.</exception>
    public async Task<string> GetDocumentAsync(string address, CancellationToken cancel)
    {
        var target = Allowed(_configured, address);
        for (var redirects = 0; ; redirects++)
        {
            using var response = await _http.GetAsync(target, cancel).ConfigureAwait(false);
            if (response is { StatusCode: HttpStatusCode.OK })
                return Encoding.UTF8.GetString(await response.Content.ReadAsByteArrayAsync(cancel).ConfigureAwait(false));
            if (response is not { StatusCode: >= HttpStatusCode.MultipleChoices and < HttpStatusCode.BadRequest, Headers.Location: { } location })
                throw new IOException($"{target} answers {(int)response.StatusCode}");
            if (redirects == MaxRedirects)
                throw new IOException($"{address} redirects more than {MaxRedirects} times");
            target = Allowed(target, location.OriginalString);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private Uri Allowed(Uri origin, string address)
    {
        if (!Uri.TryCreate(origin, address, out var target) || target.Scheme is not ("https" or "http"))
            throw new IOException($"the issuer names an address that is no URL: {address}");
        var isAllowed = target.Scheme == "https"
            || target.IsLoopback
            || (_configured.Scheme == "http" && target.Host.Equals(_configured.Host, StringComparison.OrdinalIgnoreCase));
        return isAllowed ? target : throw new IOException($"the issuer names an address without TLS: {address}");
    }
}
