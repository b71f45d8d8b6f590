using Presence.Actors.Connections;
using Presence.Actors.Model;

namespace Presence.Tests.Host.Links.Codecs;

/// <summary>Messages whose form is known by heart.</summary>
internal static class Samples
{
    public static readonly UserId User = new(Guid.Parse("8f96bc43-7008-4d2a-8be1-1e73859b3033"));
    public static readonly SessionId Session = new(Guid.Parse("ba633b3f-e790-11f1-a9e3-40b3eab63f3f"));

    public static SessionStatus Shown(string status, string username = "vpUFErysGW") => new(Session, username, status, 1);

    public static ServerMessage.StatusEvent Event(params ReadOnlySpan<StatusChange> changes) => new(User, [.. changes]);
}
