using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Presence.Cli.Accounts;

/// <summary>What the tool asks of a server's HTTP API (protocol section D4).</summary>
/// <param name="server">The server; it must have an API.</param>
internal sealed class ServerApi(ServerAddress server) : IDisposable
{
    /// <summary>How many users are looked up at once: the URL must not become too long.</summary>
    private const int MostLookups = 50;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    // A redirected login would have become another request; where to, the user must say.
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = server.Api, Timeout = Patience };

    /// <summary>Signs a user in with an id of the user's own choice.</summary>
    public Task<TokenReply> AuthenticateAsync(string serverKey, string customId, string username, CancellationToken cancel) => SendAsync(
        HttpMethod.Post, $"v2/account/authenticate/custom?create=true&username={Uri.EscapeDataString(username)}", Basic(serverKey),
        JsonContent.Create(new CustomIdRequest(customId), CliJson.Default.CustomIdRequest), CliJson.Default.TokenReply, cancel);

    /// <summary>Buys a new session token.</summary>
    public Task<TokenReply> RefreshAsync(string serverKey, string refreshToken, CancellationToken cancel) => SendAsync(
        HttpMethod.Post, "v2/account/session/refresh", Basic(serverKey),
        JsonContent.Create(new TokenRequest(refreshToken), CliJson.Default.TokenRequest), CliJson.Default.TokenReply, cancel);

    /// <summary>Makes the tokens of a login worthless.</summary>
    public Task LogoutAsync(string token, string? refreshToken, CancellationToken cancel) => SendAsync(
        HttpMethod.Post, "v2/session/logout", new AuthenticationHeaderValue("Bearer", token),
        JsonContent.Create(new TokenRequest(token, refreshToken), CliJson.Default.TokenRequest), CliJson.Default.JsonElement, cancel);

    /// <summary>Which of these users the server knows, and whether they are online.</summary>
    public async Task<IReadOnlyList<KnownUser>> FindAsync(string token, IEnumerable<Target> targets, CancellationToken cancel)
    {
        var found = new List<KnownUser>();
        foreach (var some in targets.Chunk(MostLookups))
        {
            var query = string.Join('&', some.Select(t => t.Id is { } id ? $"ids={id}" : $"usernames={Uri.EscapeDataString(t.Text)}"));
            var reply = await SendAsync(
                HttpMethod.Get, $"v2/user?{query}", new AuthenticationHeaderValue("Bearer", token), null, CliJson.Default.UsersReply, cancel).ConfigureAwait(false);
            found.AddRange(reply.Users ?? []);
        }

        return found;
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static AuthenticationHeaderValue Basic(string serverKey) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{serverKey}:")));

    private async Task<T> SendAsync<T>(
        HttpMethod method, string path, AuthenticationHeaderValue caller, HttpContent? body, JsonTypeInfo<T> type, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body };
        request.Headers.Authorization = caller;
        try
        {
            using var response = await _http.SendAsync(request, cancel).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
                throw new ApiException(response.StatusCode, await FaultAsync(response, cancel).ConfigureAwait(false));
            return await response.Content.ReadFromJsonAsync(type, cancel).ConfigureAwait(false) ?? throw NoPresenceServer();
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw Unreachable($"it did not answer within {Patience.TotalSeconds} s");
        }
        catch (HttpRequestException e)
        {
            throw Unreachable(e.InnerException?.Message ?? e.Message);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw NoPresenceServer();
        }
    }

    /// <summary>What the server says of the fault (protocol section D2), or how HTTP calls it.</summary>
    private static async Task<string> FaultAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        try
        {
            var reply = await response.Content.ReadFromJsonAsync(CliJson.Default.FaultReply, cancel).ConfigureAwait(false);
            if (reply?.Message is { Length: > 0 } message)
                return message;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // It is no server of this protocol, or something stands before it.
        }

        return $"{(int)response.StatusCode} {response.ReasonPhrase}";
    }

    private FailureException Unreachable(string why) =>
        FailureException.Refused($"{server} cannot be reached: {why}.", server.Api?.Scheme == Uri.UriSchemeHttps
            ? "Does the server run there, with TLS? An address that begins with http:// is one without. --server or PRESENCE_SERVER sets it."
            : "Does the server run there? --server or PRESENCE_SERVER sets its address.");

    private FailureException NoPresenceServer() =>
        FailureException.Refused($"What answers at {server} is not a server of this protocol.", "--server or PRESENCE_SERVER sets its address.");
}

/// <summary>The server's API refused a request.</summary>
/// <param name="status">How HTTP calls it.</param>
/// <param name="message">What the server says.</param>
internal sealed class ApiException(HttpStatusCode status, string message) : Exception(message)
{
    /// <summary>How HTTP calls it.</summary>
    public HttpStatusCode Status { get; } = status;
}

/// <summary>The id of a user who signs in.</summary>
internal sealed record CustomIdRequest(string Id);

/// <summary>The tokens that a request is about.</summary>
internal sealed record TokenRequest(string Token, string? RefreshToken = null);

/// <summary>The tokens of a login.</summary>
internal sealed record TokenReply([property: System.Text.Json.Serialization.JsonRequired] string Token, string? RefreshToken);

/// <summary>Users that the server knows.</summary>
internal sealed record UsersReply(KnownUser[]? Users);

/// <summary>A user that the server knows.</summary>
/// <param name="Id">Who.</param>
/// <param name="Username">Called what.</param>
/// <param name="Online">Whether any connection of the user shows a status.</param>
internal sealed record KnownUser(Guid Id, string? Username, bool Online);

/// <summary>What the server says of a fault.</summary>
internal sealed record FaultReply(string? Message);
