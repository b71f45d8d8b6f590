using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Presence.Client;

namespace Presence.Tests.Client.Servers;

/// <summary>An account at a server, which signs in by the API that Nakama has and this repository's server too (protocol section D4).</summary>
internal sealed class Account
{
    /// <summary>As in Development, and as Nakama's default.</summary>
    private const string ServerKey = "defaultkey";

    private static readonly HttpClient Http = new();

    private readonly Uri _server;
    private readonly string _device = $"{Guid.NewGuid()}";
    private int _tokens;

    /// <param name="server">Where HTTP and <c>/ws</c> are.</param>
    /// <param name="name">What its name begins with; no other account has the same.</param>
    public Account(Uri server, string name)
    {
        _server = server;
        Username = $"{name}-{Guid.NewGuid():N}";
    }

    public string Username { get; }

    /// <summary>How many tokens it has asked for: one for each connection.</summary>
    public int Tokens => Volatile.Read(ref _tokens);

    /// <summary>Signs in; the first time makes the account.</summary>
    public async ValueTask<string> TokenAsync(CancellationToken cancel = default)
    {
        Interlocked.Increment(ref _tokens);
        using var request = new HttpRequestMessage(
            HttpMethod.Post, new Uri(_server, $"/v2/account/authenticate/device?create=true&username={Username}"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{ServerKey}:")));
        request.Content = JsonContent.Create(new { id = _device });
        using var answer = await Http.SendAsync(request, cancel);
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<JsonElement>(cancel)).GetProperty("token").GetString()!;
    }

    /// <summary>Connects one device of it, which shows nothing.</summary>
    public Task<PresenceClient> ConnectAsync(MessageFormat format) =>
        PresenceClient.ConnectAsync(Options(format)).WaitAsync(Clients.Patience);

    /// <summary>How a device of it connects.</summary>
    /// <param name="format">How it speaks.</param>
    /// <param name="by">What stands before the server; null: nothing.</param>
    /// <param name="gate">Opens before each connection; null: there is none.</param>
    /// <param name="patience">How long a server may leave a ping without an answer; null: longer than any machine stands still.</param>
    public PresenceClientOptions Options(
        MessageFormat format, Uri? by = null, Func<CancellationToken, Task>? gate = null, TimeSpan? patience = null) => new()
        {
            Server = new UriBuilder(by ?? _server) { Scheme = _server.Scheme == "https" ? "wss" : "ws" }.Uri,
            Format = format,
            TokenProvider = async (_, cancel) =>
            {
                if (gate is not null)
                    await gate(cancel);
                return await TokenAsync(cancel);
            },
            Reconnect = new ReconnectPolicy { FirstDelay = TimeSpan.FromMilliseconds(20), MaxDelay = TimeSpan.FromMilliseconds(200) },
            PingInterval = TimeSpan.FromMilliseconds(500),
            PingTimeout = patience ?? TimeSpan.FromSeconds(20),
            // No server takes less, and Nakama no more.
            MaxMessageBytes = 4096,
        };
}
