using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Presence.Tests.Host.Links;

/// <summary>
/// A network between this machine and a network namespace for clients. It can be cut: from then on every packet is lost, both ways, and
/// neither side is told. Needs the rights of root on Linux.
/// </summary>
internal sealed class CutNetwork : IAsyncDisposable
{
    private const string AbsentStation = "02:00:00:00:00:01";
    private const int CloneNetwork = 0x40000000; // CLONE_NEWNET

    private static readonly Lazy<Task<bool>> s_isAllowed = new(async () =>
    {
        await using var network = await TryMakeAsync();
        return network is not null;
    });

    private static int s_made;

    private readonly string _name;
    private readonly string _net;

    private CutNetwork(string name, string net)
    {
        _name = name;
        _net = net;
    }

    /// <summary>Whether such networks can be made here.</summary>
    public static bool IsAllowed => s_isAllowed.Value.GetAwaiter().GetResult();

    /// <summary>The address of this machine in that network.</summary>
    public IPAddress Server => IPAddress.Parse($"{_net}1");

    private string Client => $"{_net}2";

    private string ServerSide => $"{_name}s";

    private string ClientSide => $"{_name}c";

    /// <summary>Makes a network; null where that is not allowed.</summary>
    public static async Task<CutNetwork?> TryMakeAsync()
    {
        if (!OperatingSystem.IsLinux() || Environment.UserName != "root" || !File.Exists("/proc/self/ns/net"))
            return null;
        var number = Interlocked.Increment(ref s_made);
        // Interface names have at most 15 characters; the addresses are those for tests of networks (RFC 2544).
        var network = new CutNetwork($"pr{Environment.ProcessId % 1_000_000}x{number}", $"198.18.{(Environment.ProcessId + number) % 256}.");
        try
        {
            if (await RunAsync($"netns add {network._name}")
                && await RunAsync($"link add {network.ServerSide} type veth peer name {network.ClientSide} netns {network._name}")
                && await RunAsync($"address add {network.Server}/24 dev {network.ServerSide}")
                && await RunAsync($"-n {network._name} address add {network.Client}/24 dev {network.ClientSide}")
                && await RunAsync($"link set {network.ServerSide} up")
                && await RunAsync($"-n {network._name} link set {network.ClientSide} up"))
                return network;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // There is no ip(8).
            return null;
        }

        await network.DisposeAsync();
        return null;
    }

    /// <summary>A socket of the client's side.</summary>
    public Socket NewSocket()
    {
        Socket? socket = null;
        Exception? fault = null;
        // A socket belongs to the namespace of the thread that makes it. The thread ends, so it need not go back.
        var thread = new Thread(() =>
        {
            try
            {
                using var name = File.OpenHandle($"/run/netns/{_name}");
                if (SetNamespace(name.DangerousGetHandle().ToInt32(), CloneNetwork) < 0)
                    throw new InvalidOperationException($"setns: {Marshal.GetLastPInvokeErrorMessage()}");
                socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            }
            catch (Exception e)
            {
                fault = e;
            }
        });
        thread.Start();
        thread.Join();
        return socket ?? throw fault!;
    }

    /// <summary>From now on every packet is lost: each side sends to a hardware address that nobody has.</summary>
    public async Task CutAsync()
    {
        if (!await RunAsync($"neighbour replace {Client} lladdr {AbsentStation} dev {ServerSide} nud permanent")
            || !await RunAsync($"-n {_name} neighbour replace {Server} lladdr {AbsentStation} dev {ClientSide} nud permanent"))
            throw new InvalidOperationException("The network cannot be cut.");
    }

    public async ValueTask DisposeAsync()
    {
        // This deletes both sides at once. The namespace itself stays until its last socket is closed.
        await RunAsync($"link delete {ServerSide}");
        await RunAsync($"netns delete {_name}");
    }

    private static async Task<bool> RunAsync(string arguments)
    {
        using var ip = Process.Start(new ProcessStartInfo("ip", arguments) { RedirectStandardError = true })!;
        await ip.StandardError.ReadToEndAsync();
        await ip.WaitForExitAsync();
        return ip.ExitCode == 0;
    }

    [DllImport("libc", EntryPoint = "setns", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetNamespace(int descriptor, int kind);
}
