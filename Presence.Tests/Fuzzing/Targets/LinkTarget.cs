using System.Buffers;
using Akka.Actor;
using Presence.Actors.Connections;
using Presence.Host.Links;
using Presence.Host.Links.Framing;
using Presence.Tests.Fuzzing.Reference;
using Presence.Tests.Host.Links.Framing;
using ClientFormat = Presence.Client.Wire.WireFormat;
using ClientFraming = Presence.Client.Links.Framing;
using MessageFormat = Presence.Client.MessageFormat;

namespace Presence.Tests.Fuzzing.Targets;

/// <summary>
/// A whole link: the bytes of a client in random pieces, between a connection that demands, sends and closes at random and a transport
/// that takes output in random pieces. Each request comes once and in order, no more than were demanded; the link ends once, and
/// always; what goes out is whole frames.
/// </summary>
internal sealed class LinkTarget : FuzzTarget
{
    private const int MessageBytes = 4096;

    private static readonly LinkTimes Times = new(5000, 7_200_000, 7_200_000, FirstFrameHold: 3_600_000, CloseWait: 3_600_000);
    private static readonly LinkFormat[] Formats = [LinkFormat.WebSocketJson, LinkFormat.WebSocketProtobuf, LinkFormat.Lines, LinkFormat.Delimited];

    // The grammars of the framings write what a link reads.
    private readonly FuzzTarget[] _framings = [new WebSocketTarget(), new WebSocketTarget(), new LineTarget(), new DelimitedTarget()];

    public override string Name => "link";

    public override byte[][] Words { get; } =
    [
        [.. "{\"cid\":\"1\",\"ping\":{}}\n"u8], [.. "{\"status_update\":{\"status\":\"a\"}}\n"u8], [0x82, 0x86, 0, 0, 0, 0, 0x0a, 0x01, (byte)'1', 0x82, 0x02, 0x00], [0x89, 0x81, 0, 0, 0, 0, (byte)'p'],
        [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8], [0x81, 0x95, 0, 0, 0, 0, .. "{\"cid\":\"1\",\"ping\":{}}"u8], [0x06, 0x0a, 0x01, (byte)'1', 0x82, 0x02, 0x00],
    ];

    public override string Check(byte[] input)
    {
        var random = FuzzRandom.Of(input);
        var form = random.Below(Formats.Length);
        // The pongs of a plain link that answers pings are not requests.
        var answersPings = form >= 2 && random.OneIn(2);
        var requests = Requests(Formats[form], input, answersPings);
        var run = new Run(Formats[form], random, answersPings);
        run.Play(input);
        FuzzFailure.Unless(run.Received.Count <= run.Demanded, $"{run.Received.Count} requests came, and {run.Demanded} were demanded");
        FuzzFailure.Unless(run.Received.Count <= requests.Count, $"{run.Received.Count} requests came, and the bytes hold {requests.Count}");
        FuzzFailure.UnlessSame(requests[..run.Received.Count], run.Received, "the requests are not those that the bytes hold");
        // A connection that demands all and does not close gets all.
        if (run.IsPatient)
            FuzzFailure.UnlessEqual(requests.Count, run.Received.Count, "how many requests came to a connection that waited for all");
        CheckOutput(form, run);
        return $"{Name} {form}, {run.End}";
    }

    protected override byte[]? Generate(FuzzRandom random) => random.OneIn(2) ? _framings[random.Below(4)].Input((long)random.NextUInt64(), 0) : Conversation(random);

    /// <summary>Whole messages, as a client of one of the formats sends them.</summary>
    private static byte[] Conversation(FuzzRandom random)
    {
        var bytes = new List<byte>();
        var form = random.Below(4);
        for (var i = random.Small(30); i > 0; i--)
        {
            byte[] message = form % 2 == 0
                ? [.. JsonGrammar.Bytes(random, $"{{\"cid\":{JsonGrammar.String(random)},\"{random.Any(["ping", "pong", "status_update", "status_follow", "rpc"])}\":{{}}}}")]
                : [0x0a, 0x01, (byte)random.Between('0', '9'), .. random.Any([[0x82, 0x02, 0x00], [0xea, 0x01, 0x00], [0xd2, 0x01, 0x00], [0x8a, 0x02, 0x00], new byte[] { 0xc2, 0x01, 0x00 }])];
            switch (form)
            {
                case 2:
                    bytes.AddRange(message.Where(b => b != '\n'));
                    bytes.Add((byte)'\n');
                    break;
                case 3:
                    bytes.Add((byte)message.Length);
                    bytes.AddRange(message);
                    break;
                default:
                    if (random.OneIn(4))
                        bytes.AddRange([0x89, 0x81, 0, 0, 0, 0, (byte)'p']);
                    bytes.AddRange([(byte)(0x81 + form), (byte)(0x80 | Math.Min(message.Length, 125)), 0, 0, 0, 0]);
                    bytes.AddRange(message.Take(125));
                    break;
            }
        }

        return [.. bytes];
    }

    /// <summary>The requests that the bytes hold, read at once.</summary>
    private static List<string> Requests(LinkFormat format, byte[] input, bool answersPings)
    {
        using var framing = format.NewFraming(MessageBytes);
        var bytes = new ReadOnlySequence<byte>(input);
        var requests = new List<string>();
        while (framing.TryRead(ref bytes, out var frame))
        {
            ClientRequest? request = frame.Kind switch { FrameKind.Message => format.Decode(frame.Payload), FrameKind.Violation => frame.Fault, _ => null };
            if (request is null || (answersPings && request is ClientRequest.Ignored))
                continue;
            requests.Add(Describe.Request(request));
            // Nothing behind it is read.
            if (request is ClientRequest.Malformed)
                break;
        }

        return requests;
    }

    /// <summary>What went out is whole frames, as a client reads them, and nothing follows a close.</summary>
    private static void CheckOutput(int form, Run run)
    {
        var output = run.Output.ToArray();
        if (form >= 2)
        {
            var framing = form == 2 ? ClientFraming.Lines : ClientFraming.Lengths;
            var format = ClientFormat.Of(form == 2 ? MessageFormat.Json : MessageFormat.Protobuf);
            var at = 0;
            var count = 0;
            for (var searched = 0; framing.TryTake(output.AsSpan(at), ref searched, out var message, out var taken); at += taken, count++)
                format.Read(output.AsMemory(at)[message]);
            FuzzFailure.Unless(run.IsCut || at == output.Length, "the output ends within a message");
            FuzzFailure.Unless(run.IsCut || count >= run.Sent, $"{run.Sent} messages were sent, and {count} went out");
            return;
        }

        var (frames, closes) = (0, 0);
        for (var at = 0; at < output.Length; frames++)
        {
            if (run.IsCut && output.Length - at < 4)
                break;
            FuzzFailure.Unless(closes == 0, "something follows a close frame");
            var length = output[at + 1] & 0x7f;
            var header = 2;
            if (length == 126)
            {
                length = (output[at + 2] << 8) | output[at + 3];
                header = 4;
            }

            FuzzFailure.Unless(output[at] is 0x81 or 0x82 or 0x88 or 0x89 or 0x8a, $"a frame begins with {output[at]:x2}");
            closes += output[at] == 0x88 ? 1 : 0;
            at += header + length;
            FuzzFailure.Unless(run.IsCut || at <= output.Length, "the output ends within a frame");
        }

        FuzzFailure.Unless(run.IsCut || frames - closes >= run.Sent, $"{run.Sent} messages were sent, and {frames} frames went out");
    }

    /// <summary>One link, its connection and its transport.</summary>
    private sealed class Run : ICarrier
    {
        private readonly FuzzRandom _random;
        private readonly Link _link;
        private readonly ConnectionRef _connection;
        private readonly bool _waits;
        private readonly byte[]? _greeting;
        private byte[] _left = [];
        private bool _mayRead = true;
        private bool _mayWrite;
        private bool _isClosing;
        private bool _mustContinue;
        private int _finishes;
        private int _aborts;
        private int _overs;

        public Run(LinkFormat format, FuzzRandom random, bool answersPings)
        {
            _random = random;
            _waits = random.OneIn(2);
            _connection = new ConnectionRef();
            _link = new Link(format, MessageBytes, Times, null, _greeting = random.OneIn(4) ? [.. "hello"u8] : null, new Watcher(this), answersPings: answersPings);
        }

        public List<byte> Output { get; } = [];

        public List<string> Received => _connection.Received;

        public int Demanded { get; private set; }

        /// <summary>How many messages the connection has sent, and the link must bring.</summary>
        public int Sent { get; private set; }

        public bool IsCut => _aborts > 0;

        /// <summary>Whether the connection has neither closed the link nor left a request undemanded.</summary>
        public bool IsPatient { get; private set; }

        public string End { get; private set; } = "";

        public void Play(byte[] input)
        {
            _link.Attach(_connection);
            if (_random.OneIn(2))
                Demand();
            _link.Begin(this);
            var pieces = Pieces.Of(input, _random);
            foreach (var piece in pieces)
            {
                // The transport reads no more while the link takes none.
                for (var turns = 0; !_mayRead && turns < 8; turns++)
                    Act();
                if (!_mayRead && !_waits)
                    break;
                DemandUntilRead();
                Feed(piece);
                Act();
            }

            if (_waits)
                DemandUntilRead();
            IsPatient = _waits && !_isClosing && _aborts == 0;
            Finish();
        }

        void ICarrier.WriteSoon() => _mayWrite = true;

        void ICarrier.ReadSoon() => _mayRead = true;

        void ICarrier.ContinueSoon() => _mustContinue = true;

        void ICarrier.Finish() => _finishes++;

        void ICarrier.Abort() => _aborts++;

        private void Continue()
        {
            if (!_mustContinue)
                return;
            _mustContinue = false;
            _link.Continue();
        }

        private void Act()
        {
            switch (_random.Below(24))
            {
                case 23:
                    Continue();
                    break;
                case < 8:
                    Demand();
                    break;
                case < 12:
                    Send();
                    break;
                case < 20:
                    Write();
                    break;
                case 20:
                    var later = _random.Any([0, 1000, 10_000]);
                    // A line feed that is late is a fault that the bytes do not show.
                    _link.Watch(Environment.TickCount64 + (_left is [.., (byte)'\r'] ? 0 : later));
                    break;
                case 21 when !_waits && _random.OneIn(4):
                    _isClosing = true;
                    _link.Close(CloseReason.Restart);
                    break;
                case 22 when !_waits && _random.OneIn(8):
                    _isClosing = true;
                    _link.GiveUp();
                    break;
            }
        }

        private void Demand()
        {
            var requests = _random.Between(1, 3);
            Demanded += requests;
            _link.Demand(requests);
            if (_mayRead)
                Feed([]);
        }

        /// <summary>The connection answers everything, so the link has to read on in the end, unless it is over.</summary>
        private void DemandUntilRead()
        {
            for (var turns = 0; !_mayRead && !_isClosing; turns++)
            {
                FuzzFailure.Unless(turns < 100_000, "the link reads no more, although its connection demands more");
                Demand();
            }
        }

        private void Send()
        {
            // What is sent between the end of the link and the moment when the connection is told of it is dropped.
            if (_isClosing || _mustContinue || _connection.Closes > 0 || _connection.IsMalformed)
                return;
            Sent++;
            _link.Send(new ServerMessage.Acknowledged($"{Sent}"));
        }

        /// <summary>As a transport does: what the link leaves over is given again, with more behind it.</summary>
        private void Feed(byte[] piece)
        {
            _left = [.. _left, .. piece];
            var bytes = _left.Length == 0 ? ReadOnlySequence<byte>.Empty : Chunks.ToSequence([_left]);
            var before = bytes.Length;
            _mayRead = false;
            // A turn is over; a transport gives others theirs before the next.
            Appetite appetite;
            while ((appetite = _link.Feed(ref bytes)) == Appetite.More)
            {
            }

            FuzzFailure.Unless(bytes.Length <= before, "more is left over than there was");
            _left = bytes.ToArray();
            switch (appetite)
            {
                case Appetite.Hungry:
                    _mayRead = true;
                    FuzzFailure.Unless(_left.Length <= MessageBytes + 14, $"{_left.Length} bytes are left over, and the link wants more");
                    break;
                case Appetite.Done:
                    _left = [];
                    _mayRead = true;
                    break;
            }

            // The connection answers what breaks the rules, and closes.
            if (_connection.IsMalformed && !_isClosing)
            {
                _isClosing = true;
                _link.Close(CloseReason.Malformed);
            }
        }

        private void Write()
        {
            if (!_mayWrite)
                return;
            var room = new byte[_random.Between(1, _random.OneIn(2) ? 20 : 4096)];
            var copied = _link.CopyOutput(room);
            if (copied == 0)
            {
                _mayWrite = false;
                return;
            }

            var wrote = _random.OneIn(2) ? copied : _random.Between(1, copied);
            Output.AddRange(room[..wrote]);
            _link.Wrote(wrote);
        }

        /// <summary>The client has sent all; the link comes to its end.</summary>
        private void Finish()
        {
            _link.EndOfInput();
            for (var turns = 0; _finishes == 0 && turns < 100_000; turns++)
            {
                Write();
                // A half-closed link waits for its connection, which has nothing left to say.
                if (!_mayWrite && !_isClosing)
                {
                    _isClosing = true;
                    _link.Close(CloseReason.Normal);
                }
                else if (!_mayWrite && turns > 50_000)
                {
                    break;
                }
            }

            Continue();
            FuzzFailure.UnlessEqual(1, _finishes, "how often the transport was told to finish");
            FuzzFailure.Unless(_aborts <= 1, $"the transport was cut {_aborts} times");
            _link.Over();
            Continue();
            FuzzFailure.UnlessEqual(1, _overs, "how often the link was over");
            FuzzFailure.Unless(_connection.Closes <= 1, $"the connection was told {_connection.Closes} times that the link has closed");
            FuzzFailure.Unless(!_connection.IsLate, "the connection was told something behind the close");
            FuzzFailure.UnlessEqual(0, _link.CopyOutput(new byte[16]), "output of a link that is over");
            if (_greeting is not null)
            {
                var count = Math.Min(_greeting.Length, Output.Count);
                FuzzFailure.Unless(Output[..count].SequenceEqual(_greeting[..count]), "the output does not begin with the greeting");
                Output.RemoveRange(0, count);
            }

            End = $"{(_connection.IsMalformed ? "malformed, " : "")}{(IsCut ? "cut" : IsPatient ? "patient" : "closed")}";
        }

        private sealed class Watcher(Run run) : ILinkWatcher
        {
            public void Attached(Link link)
            {
            }

            public void Over(Link link) => run._overs++;
        }
    }

    /// <summary>A connection that only notes what it is told.</summary>
    private sealed class ConnectionRef : MinimalActorRef
    {
        public List<string> Received { get; } = [];

        public int Closes { get; private set; }

        public bool IsMalformed { get; private set; }

        public bool IsLate { get; private set; }

        public override ActorPath Path { get; } = new RootActorPath(new Address("akka", "fuzz")) / "connection";

        public override IActorRefProvider Provider => throw new NotSupportedException();

        protected override void TellInternal(object message, IActorRef sender)
        {
            IsLate |= Closes > 0;
            switch (message)
            {
                case LinkSignal.Closed:
                    Closes++;
                    break;
                case LinkSignal.Received { Request: not ClientRequest.Goodbye } received:
                    IsLate |= IsMalformed;
                    IsMalformed |= received.Request is ClientRequest.Malformed;
                    Received.Add(Describe.Request(received.Request));
                    break;
            }
        }
    }
}
