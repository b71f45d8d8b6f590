using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Presence.Tests.Cli.Kit;

/// <summary>A server that answers one HTTP request, when and as it is told.</summary>
internal sealed class OneAnswer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _end = new();
    private readonly Task _answering;

    /// <param name="answer">Makes the answer when the request has come: see <see cref="Of"/>.</param>
    public OneAnswer(Func<CancellationToken, Task<string>> answer)
    {
        _listener.Start();
        Http = new Uri($"http://{_listener.LocalEndpoint}");
        _answering = AnswerAsync(answer, _end.Token);
    }

    /// <summary>Where it is.</summary>
    public Uri Http { get; }

    /// <summary>Ends when the request has come.</summary>
    public Task Asked => _asked.Task;

    /// <summary>An answer.</summary>
    public static string Of(string status, string type, string body) =>
        $"HTTP/1.1 {status}\r\nContent-Type: {type}\r\nLocation: /elsewhere\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}";

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _answering;
        _listener.Stop();
        _end.Dispose();
    }

    private async Task AnswerAsync(Func<CancellationToken, Task<string>> answer, CancellationToken end)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            using var socket = await _listener.AcceptSocketAsync(end);
            await socket.ReceiveAsync(buffer, end);
            _asked.SetResult();
            await socket.SendAsync(Encoding.ASCII.GetBytes(await answer(end)), end);
            socket.Shutdown(SocketShutdown.Send);
            // Until the other side has had enough.
            while (await socket.ReceiveAsync(buffer, end) > 0)
            {
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            // The test is over, or whoever asked has gone.
        }
    }
}
