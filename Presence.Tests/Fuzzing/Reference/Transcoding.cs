using System.Buffers;
using Google.Protobuf;
using Presence.Actors.Connections;
using Presence.Host.Links.Codecs;
using Presence.Host.Links.Codecs.Wire;

namespace Presence.Tests.Fuzzing.Reference;

/// <summary>What was read in one format says the same in the other (contract C1).</summary>
internal static class Transcoding
{
    /// <summary>Writes a request as the libraries do, in both formats, and has the codecs read it.</summary>
    public static void Check(ClientRequest request)
    {
        Envelope? envelope = request switch
        {
            ClientRequest.UpdateStatus update => new() { StatusUpdate = new StatusUpdate { Status = update.Status } },
            ClientRequest.Follow follow => new() { StatusFollow = new StatusFollow { UserIds = { follow.UserIds }, Usernames = { follow.Usernames } } },
            ClientRequest.Unfollow unfollow => new() { StatusUnfollow = new StatusUnfollow { UserIds = { unfollow.UserIds } } },
            ClientRequest.RefreshSession refresh => new() { SessionRefresh = new SessionRefresh { Token = refresh.Token } },
            ClientRequest.Ping => new() { Ping = new Ping() },
            ClientRequest.Ignored => new() { Pong = new Pong() },
            _ => null,
        };
        if (envelope is null)
            return;
        envelope.Cid = request.Cid ?? "";
        var said = Describe.Request(request);
        FuzzFailure.UnlessEqual(said, Read(ProtobufCodec.Instance, envelope.ToByteArray()), "the request in protobuf says something else");
        FuzzFailure.UnlessEqual(said, Read(JsonCodec.Instance, System.Text.Encoding.UTF8.GetBytes(JsonFormatter.Default.Format(envelope))), "the request in JSON says something else");
    }

    private static string Read(EnvelopeCodec codec, byte[] message) => Describe.Request(codec.Decode(new ReadOnlySequence<byte>(message)));
}
