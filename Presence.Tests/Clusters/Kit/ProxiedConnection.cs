using System.Net.Sockets;
using System.Threading.Channels;
using Presence.Tests.Semantics.Clients;

namespace Presence.Tests.Clusters.Kit;

/// <summary>
/// One connection that a proxy carries from a peer to its node, frame by frame. Who the peer is, its first frame says; until
/// then nothing passes.
/// </summary>
internal sealed class ProxiedConnection(Network network, int node, Socket peer, Socket target)
{
    // Frames that are on their way, because the wire is slow or interrupted; beyond that the senders feel it.
    private const int FramesUnderWay = 4096;

    private readonly CancellationTokenSource _end = new();
    private readonly TaskCompletionSource<int?> _peerNode = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Carries it to its end.</summary>
    public async Task RunAsync()
    {
        Wire? wire = null;
        try
        {
            var inbound = CarryAsync(peer, target, isInbound: true);
            var outbound = CarryAsync(target, peer, isInbound: false);
            wire = await WireAsync();
            await Task.WhenAll(inbound, outbound);
        }
        finally
        {
            wire?.Remove(this);
            peer.Dispose();
            target.Dispose();
        }
    }

    /// <summary>Ends it, without a word to either side.</summary>
    public void Cut()
    {
        _peerNode.TrySetResult(null);
        _end.Cancel();
        foreach (var socket in (Socket[])[peer, target])
        {
            socket.ResetAtEnd();
            socket.Dispose();
        }
    }

    private async Task CarryAsync(Socket from, Socket to, bool isInbound)
    {
        var underWay = Channel.CreateBounded<(byte[] Frame, long At)>(FramesUnderWay);
        var reading = ReadAsync(from, underWay.Writer, isInbound);
        try
        {
            await WriteAsync(to, underWay.Reader, isInbound);
            // The end of a side passes like everything else: not while the wire is interrupted.
            if (await WireAsync() is { } wire)
                await wire.PassAsync(_end.Token);
            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Where one side can take nothing, there is no connection any more.
            Cut();
        }

        await reading;
    }

    private async Task ReadAsync(Socket from, ChannelWriter<(byte[] Frame, long At)> underWay, bool isInbound)
    {
        try
        {
            var prefix = new byte[RemotingFrame.PrefixBytes];
            while (await FillAsync(from, prefix))
            {
                var frame = new byte[RemotingFrame.PrefixBytes + RemotingFrame.LengthOf(prefix)];
                prefix.CopyTo(frame, 0);
                if (!await FillAsync(from, frame.AsMemory(RemotingFrame.PrefixBytes)))
                    break;
                if (isInbound && !_peerNode.Task.IsCompleted)
                    Identify(frame);
                await underWay.WriteAsync((frame, Environment.TickCount64), _end.Token);
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // This side is gone.
        }

        if (isInbound)
            _peerNode.TrySetResult(null);
        underWay.Complete();
    }

    private void Identify(byte[] frame)
    {
        var other = RemotingFrame.OriginPort(frame) is { } port ? network.NodeAt(port) : null;
        // Before anything passes: whoever sees a frame arrive may cut the connection that carried it.
        if (other is { } peerNode)
            network.Between(node, peerNode).Add(this);
        _peerNode.TrySetResult(other);
    }

    private async Task WriteAsync(Socket to, ChannelReader<(byte[] Frame, long At)> underWay, bool isInbound)
    {
        await foreach (var (frame, at) in underWay.ReadAllAsync(_end.Token))
        {
            var passing = frame;
            if (await WireAsync() is { } wire)
            {
                var wait = at + (long)wire.Delay.TotalMilliseconds - Environment.TickCount64;
                if (wait > 0)
                    await Task.Delay((int)wait, _end.Token);
                await wire.PassAsync(_end.Token);
                if (RemotingFrame.Manifest(frame) is { } manifest)
                    passing = Pass(frame, manifest, wire, isInbound);
            }

            for (var left = passing.AsMemory(); !left.IsEmpty;)
                left = left[await to.SendAsync(left, _end.Token)..];
        }
    }

    /// <summary>Counts a message of Presence's own; what is left of it if it is lost.</summary>
    private byte[] Pass(byte[] frame, string manifest, Wire wire, bool isInbound)
    {
        var other = _peerNode.Task.Result!.Value;
        var isLost = wire.Loses();
        network.Count(isInbound ? other : node, isInbound ? node : other, manifest, frame.Length, isLost);
        return isLost ? RemotingFrame.WithoutMessage(frame) ?? [] : frame;
    }

    private async Task<Wire?> WireAsync() => await _peerNode.Task is { } other ? network.Between(node, other) : null;

    private async Task<bool> FillAsync(Socket from, Memory<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            var count = await from.ReceiveAsync(buffer, _end.Token);
            if (count == 0)
                return false;
            buffer = buffer[count..];
        }

        return true;
    }
}
