namespace Presence.Host.Auth;

/// <summary>The two tokens of a login.</summary>
/// <param name="Session">Lets its bearer in.</param>
/// <param name="Refresh">Buys its bearer a new pair.</param>
internal sealed record TokenPair(string Session, string Refresh)
{
    /// <summary>Whether both are short enough to be taken.</summary>
    public bool IsUsable => Session.Length <= SignedToken.MaxLength && Refresh.Length <= SignedToken.MaxLength;

    /// <summary>Nothing: tokens must not find their way into a log.</summary>
    public override string ToString() => nameof(TokenPair);
}
