using Presence.Host.Links.Admission;
using Presence.Host.Links.Loops;

namespace Presence.Host.Links.Listening;

/// <summary>
/// Answers sockets that are refused, and closes them. A socket that is closed while something of its client is unread is reset, which
/// can destroy the answer: so a few are kept for a moment, until the client has closed. On the thread of one loop.
/// </summary>
internal sealed class Farewells
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private int _kept;

    /// <summary>Sends an answer and closes the socket.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="answer">The answer; if it is empty, the socket is closed at once.</param>
    /// <param name="isAdded">Whether the loop reports of the socket already.</param>
    public void Send(LoopSocket socket, ReadOnlySpan<byte> answer, bool isAdded)
    {
        // The buffer of a socket that has not sent anything yet takes all of it.
        if (answer.IsEmpty || socket.Send(answer) != answer.Length)
        {
            socket.Close();
            return;
        }

        socket.ShutdownSend();
        if (_kept < FileLimit.MostRefused && TryKeep(socket, isAdded))
            return;
        socket.Receive(socket.Loop.Scratch);
        socket.Close();
    }

    private bool TryKeep(LoopSocket socket, bool isAdded)
    {
        var kept = new Kept(this, socket);
        try
        {
            if (isAdded)
                socket.PassTo(kept);
            else
                socket.Loop.Add(socket, kept);
        }
        catch (IOException)
        {
            // The system has no room for it.
            return false;
        }

        _kept++;
        kept.Begin();
        return true;
    }

    /// <summary>A socket whose client still has to read its answer.</summary>
    private sealed class Kept : ISocketEvents, IThreadPoolWorkItem, IDisposable
    {
        // A client that sends more than this does not read.
        private const int MostReads = 16;

        private readonly Farewells _farewells;
        private readonly LoopSocket _socket;
        private Timer? _timer;
        private int _reads;
        private bool _isOver;

        public Kept(Farewells farewells, LoopSocket socket)
        {
            _farewells = farewells;
            _socket = socket;
        }

        public void Begin() => _timer = new Timer(static kept => ((Kept)kept!).PostEnd(), this, Patience, Timeout.InfiniteTimeSpan);

        public void Readable()
        {
            if (_socket.Receive(_socket.Loop.Scratch) == 0 || ++_reads >= MostReads)
                Dispose();
        }

        public void Writable(int sent)
        {
        }

        public void Broken() => Dispose();

        /// <summary>The time is over.</summary>
        void IThreadPoolWorkItem.Execute() => Dispose();

        public void Dispose()
        {
            if (_isOver)
                return;
            _isOver = true;
            _farewells._kept--;
            _timer?.Dispose();
            _socket.Close();
        }

        private void PostEnd() => _socket.Loop.Post(this);
    }
}
