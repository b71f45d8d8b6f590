using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Presence.Actors.Model;
using Presence.Host.Auth;
using Presence.Host.Configuration;
using Presence.Host.Http;
using Presence.Host.Node;
using Presence.Tests.Host.Auth;

namespace Presence.Tests.Host.Http;

/// <summary>The HTTP API on a free port, with a clock and a cluster that do what the test says.</summary>
internal sealed class ApiHost : IAsyncDisposable
{
    public const string Device = "device-0123456789";

    private readonly WebApplication _app;

    private ApiHost(WebApplication app, FakeTimeProvider time, FakeLookup lookup, RecordedLogs logs)
    {
        (_app, Time, Lookup, Logs) = (app, time, lookup, logs);
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
    }

    public FakeTimeProvider Time { get; }

    public FakeLookup Lookup { get; }

    public RecordedLogs Logs { get; }

    public HttpClient Client { get; }

    public IServiceProvider Services => _app.Services;

    public static Task<ApiHost> StartAsync(params (string Key, string Value)[] settings) => StartAsync("Development", null, settings);

    public static async Task<ApiHost> StartAsync(
        string environment, Action<WebApplication>? more, params (string Key, string Value)[] settings)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = environment });
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddInMemoryCollection(
            [
                new("Presence:Http:Address", "127.0.0.1"),
                new("Presence:Http:Port", "0"),
                new("Presence:Tcp:Port", "-1"),
                .. settings.Select(each => KeyValuePair.Create<string, string?>(each.Key, each.Value)),
            ]);
        var (time, lookup, logs) = (new FakeTimeProvider(Jwt.Now), new FakeLookup(), new RecordedLogs());
        builder.Logging.ClearProviders().AddProvider(logs);
        builder.Services
            .AddSingleton<TimeProvider>(time)
            .AddSingleton<IPresenceLookup>(lookup)
            .AddSingleton<IConfigureOptions<KestrelServerOptions>, Listeners>()
            .AddPresenceOptions(builder.Configuration, builder.Environment)
            .AddPresenceAuth()
            .AddPresenceHttp();
        var app = builder.Build();
        app.MapPresenceHttp();
        more?.Invoke(app);
        await app.StartAsync();
        return new ApiHost(app, time, lookup, logs);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
    }

    /// <summary>Sends a request as it stands: no header that is not given.</summary>
    public async Task<Answer> SendAsync(string method, string path, string? authorization = null, HttpContent? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = body };
        if (authorization is not null)
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        using var response = await Client.SendAsync(request);
        return new Answer(
            (int)response.StatusCode,
            await response.Content.ReadAsStringAsync(),
            response.Content.Headers.ContentType?.ToString(),
            response.Headers);
    }

    public Task<Answer> PostAsync(string path, string? authorization, string? json) =>
        SendAsync("POST", path, authorization, Json(json));

    /// <summary>A body as the .NET SDK sends it: without a Content-Type.</summary>
    public static HttpContent? Json(string? json) => json is null ? null : new ByteArrayContent(Encoding.UTF8.GetBytes(json));

    public static string Basic(string key) => $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes(key))}";

    public static string ServerKey { get; } = Basic("defaultkey:");

    /// <summary>Signs in by a device.</summary>
    public async Task<(string Token, string Refresh)> LoginAsync(string device = Device, string query = "", string vars = "{}")
    {
        var answer = await PostAsync($"/v2/account/authenticate/device?{query}", ServerKey, $$"""{"id":"{{device}}","vars":{{vars}}}""");
        Xunit.Assert.Equal(200, answer.Status);
        return (answer.Json.GetProperty("token").GetString()!, answer.Json.GetProperty("refresh_token").GetString()!);
    }
}

/// <summary>What came back.</summary>
internal sealed record Answer(int Status, string Body, string? ContentType, HttpResponseHeaders Headers)
{
    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    /// <summary>The status and the gRPC code of an error, which must be the object that the SDKs read.</summary>
    public (int Status, int Code) Error
    {
        get
        {
            Xunit.Assert.Equal("application/json", ContentType);
            Xunit.Assert.NotEqual("", Json.GetProperty("message").GetString());
            return (Status, Json.GetProperty("code").GetInt32());
        }
    }
}

/// <summary>A cluster of which the test says who is there.</summary>
internal sealed class FakeLookup : IPresenceLookup
{
    public ConcurrentDictionary<UserId, ImmutableArray<SessionStatus>> Visible { get; } = new();

    public ConcurrentDictionary<string, ImmutableArray<UserId>> Holders { get; } = new();

    /// <summary>What to do instead of answering.</summary>
    public Func<Task>? Instead { get; set; }

    public async Task<ImmutableDictionary<UserId, string>> ShownAsync(ImmutableArray<UserId> users, CancellationToken ct)
    {
        await AskAsync();
        return users.Where(Visible.ContainsKey).ToImmutableDictionary(user => user, user => Visible[user][0].Username);
    }

    public async Task<ImmutableDictionary<string, ImmutableArray<UserId>>> UsersOfNamesAsync(ImmutableArray<string> usernames, CancellationToken ct)
    {
        await AskAsync();
        return usernames.Where(Holders.ContainsKey).ToImmutableDictionary(name => name, name => Holders[name], StringComparer.Ordinal);
    }

    public void Show(UserId user, string username, string status = "")
    {
        Visible[user] = [new SessionStatus(SessionId.New(), username, status, 1)];
        Holders[username] = [user];
    }

    private Task AskAsync() => Instead?.Invoke() ?? Task.CompletedTask;
}

/// <summary>All that is logged, at every level that the filters let through.</summary>
internal sealed class RecordedLogs : ILoggerProvider
{
    private readonly ConcurrentQueue<string> _entries = new();

    public IEnumerable<string> Entries => _entries;

    public ILogger CreateLogger(string categoryName) => new Recorder(categoryName, _entries);

    public void Dispose()
    {
    }

    private sealed class Recorder(string category, ConcurrentQueue<string> entries) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
        {
            entries.Enqueue($"{category} scope: {state}");
            return null;
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            entries.Enqueue($"{category} {logLevel}: {formatter(state, exception)} {exception}");
    }
}
