using Presence.Actors.Connections;

namespace Presence.Tests.Fuzzing.Reference;

/// <summary>Requests as texts that are equal when the requests are, for readers that have no such types.</summary>
internal static class Describe
{
    /// <summary>A request in a few words.</summary>
    public static string Request(ClientRequest request) => request switch
    {
        ClientRequest.Follow f => $"Follow {Quote(f.Cid)} [{string.Join(",", f.UserIds.Select(Quote))}] [{string.Join(",", f.Usernames.Select(Quote))}]",
        ClientRequest.Unfollow u => $"Unfollow {Quote(u.Cid)} [{string.Join(",", u.UserIds.Select(Quote))}]",
        ClientRequest.UpdateStatus s => $"UpdateStatus {Quote(s.Cid)} {Quote(s.Status)}",
        ClientRequest.RefreshSession s => $"RefreshSession {Quote(s.Cid)} {Quote(s.Token)}",
        ClientRequest.Ping p => $"Ping {Quote(p.Cid)}",
        ClientRequest.Ignored i => $"Ignored {Quote(i.Cid)}",
        ClientRequest.Refused { Code: ErrorCode.BadInput } b => $"Broken {Quote(b.Cid)}",
        ClientRequest.Refused r => $"Refused {Quote(r.Cid)}",
        // How it is answered is not the question here, but that it is no message.
        _ => "Malformed",
    };

    private static string Quote(string? text) => text is null ? "null" : $"'{text}'";
}
