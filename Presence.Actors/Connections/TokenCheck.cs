namespace Presence.Actors.Connections;

/// <summary>What came of checking a token that a client presents on an open connection.</summary>
public abstract record TokenCheck
{
    private TokenCheck()
    {
    }

    /// <summary>The token is not valid; why is not said (contract A1).</summary>
    public static TokenCheck Invalid { get; } = new Refused(ErrorCode.BadInput, "Missing or invalid token.");

    /// <summary>The token could not be checked.</summary>
    public static TokenCheck Failed { get; } = new Refused(ErrorCode.RuntimeException, "The token could not be checked; try again later.");

    /// <summary>The token is valid.</summary>
    /// <param name="Identity">What it says.</param>
    public sealed record Valid(Identity Identity) : TokenCheck;

    /// <summary>The token is not valid, or cannot be checked now.</summary>
    /// <param name="Code">What the error reply says.</param>
    /// <param name="Text">A text for a person.</param>
    public sealed record Refused(ErrorCode Code, string Text) : TokenCheck;
}
