using Presence.Actors.Model;

namespace Presence.Tests.Clusters.Load;

/// <summary>A user of a crowd; the name is no other user's.</summary>
public sealed record Account(UserId User, string Username);
