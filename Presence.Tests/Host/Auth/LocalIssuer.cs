using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Presence.Tests.Host.Auth;

/// <summary>
/// A token issuer on a port of the loopback. It can be stopped and started again at the same address, fall silent, and change its keys.
/// </summary>
internal sealed class LocalIssuer : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Func<HttpContext, Task>> _answers = new();
    private readonly ConcurrentQueue<string> _reads = new();
    private WebApplication? _app;
    private volatile TaskCompletionSource? _silence;
    private volatile string _keys = """{"keys":[]}""";

    private LocalIssuer(int port) => Port = port;

    public int Port { get; private set; }

    public string Url => $"http://127.0.0.1:{Port}";

    public string JwksUrl => $"{Url}/keys";

    /// <summary>The name that its discovery document says.</summary>
    public string Name { get; init; } = "the issuer";

    /// <summary>The paths that were asked for.</summary>
    public IReadOnlyCollection<string> Reads => _reads;

    public static async Task<LocalIssuer> StartAsync(string name = "the issuer")
    {
        var issuer = new LocalIssuer(0) { Name = name };
        issuer.Answer("/keys", http => Json(http, issuer._keys));
        issuer.Answer("/.well-known/openid-configuration", http => Json(http, $$"""{"issuer":"{{issuer.Name}}","jwks_uri":"{{issuer.JwksUrl}}"}"""));
        await issuer.StartAgainAsync();
        return issuer;
    }

    /// <summary>Serves at the same address as before.</summary>
    public async Task StartAgainAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, Port));
        _app = builder.Build();
        _app.Run(async http =>
        {
            _reads.Enqueue(http.Request.Path);
            if (_silence is { } silence)
                await silence.Task.WaitAsync(http.RequestAborted);
            if (_answers.TryGetValue(http.Request.Path, out var answer))
                await answer(http);
            else
                http.Response.StatusCode = 404;
        });
        await _app.StartAsync();
        Port = new Uri(_app.Urls.Single()).Port;
    }

    /// <summary>Closes the port: connections are refused.</summary>
    public async Task StopAsync()
    {
        Speak();
        if (_app is { } app)
            await app.DisposeAsync();
        _app = null;
    }

    /// <summary>Takes connections and requests, and answers none.</summary>
    public void FallSilent() => _silence ??= new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Speak()
    {
        _silence?.TrySetResult();
        _silence = null;
    }

    public void Publish(params string[] keys) => _keys = $$"""{"keys":[{{string.Join(',', keys)}}]}""";

    public void PublishText(string document) => _keys = document;

    public void Answer(string path, Func<HttpContext, Task> answer) => _answers[path] = answer;

    public static Task Json(HttpContext http, string text)
    {
        http.Response.ContentType = "application/json";
        return http.Response.WriteAsync(text);
    }

    public static string Key(RSA key, string id)
    {
        var parameters = key.ExportParameters(false);
        return $$"""
            {"kty":"RSA","use":"sig","kid":"{{id}}","n":"{{Base64Url.EncodeToString(parameters.Modulus)}}","e":"{{Base64Url.EncodeToString(parameters.Exponent)}}"}
            """;
    }

    public static string Key(ECDsa key, string id)
    {
        var point = key.ExportParameters(false).Q;
        return $$"""
            {"kty":"EC","crv":"P-256","use":"sig","kid":"{{id}}","x":"{{Base64Url.EncodeToString(point.X)}}","y":"{{Base64Url.EncodeToString(point.Y)}}"}
            """;
    }

    public static string Key(Ed25519Pair key, string id) => $$"""{"kty":"OKP","crv":"Ed25519","kid":"{{id}}","x":"{{key.X}}"}""";

    public async ValueTask DisposeAsync() => await StopAsync();
}
