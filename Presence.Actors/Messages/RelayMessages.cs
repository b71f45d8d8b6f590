using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using Presence.Actors.Connections;
using Presence.Actors.Model;

namespace Presence.Actors.Messages;

/// <summary>
/// What a connection asks of a relay of its own node. These never leave the node, so they are neither versioned nor repeated:
/// a relay that fails takes the connections that depend on it along, and they find each other anew.
/// </summary>
public abstract record RelayCommand : INoSerializationVerificationNeeded
{
    /// <summary>This connection shows a status. Answered with <see cref="RelayReply.Done"/> when a home has taken it.</summary>
    /// <param name="Subject">Where it is shown.</param>
    /// <param name="Status">What is shown.</param>
    /// <param name="Request">Names the request in the answer.</param>
    public sealed record Publish(Subject Subject, SessionStatus Status, long Request) : RelayCommand;

    /// <summary>
    /// The user of this connection has a username: follows of the name find the user until the connection ends (contract F6, F11).
    /// Answered as <see cref="Publish"/> is.
    /// </summary>
    /// <param name="Name">The subject of the name.</param>
    /// <param name="User">The user.</param>
    /// <param name="Request">Names the request in the answer.</param>
    public sealed record HoldName(Subject Name, UserId User, long Request) : RelayCommand;

    /// <summary>
    /// This connection begins with its user: from now on it follows, and shows a status if it has one. Answered with
    /// <see cref="RelayReply.Done"/> when both are in force; after that, and not before, changes of the user arrive, and the first
    /// is what the connection itself shows. What others show at that instant it is not told.
    /// </summary>
    /// <param name="Subject">The user.</param>
    /// <param name="Status">What is shown; null: nothing.</param>
    /// <param name="Request">Names the request in the answer.</param>
    public sealed record Enter(Subject Subject, SessionStatus? Status, long Request) : RelayCommand;

    /// <summary>This connection shows nothing any more. Answered as <see cref="Publish"/> is.</summary>
    /// <param name="Subject">Where nothing is shown.</param>
    /// <param name="Session">The session of the connection.</param>
    /// <param name="Request">Names the request in the answer.</param>
    public sealed record Withdraw(Subject Subject, SessionId Session, long Request) : RelayCommand;

    /// <summary>
    /// This connection follows subjects from now on. Answered with one or several <see cref="RelayReply.Followed"/> that
    /// name each subject once; after that, and not before, the changes of the subject arrive.
    /// </summary>
    /// <param name="User">The user of the connection: follows of one user are carried out in order, and users take turns.</param>
    /// <param name="Subjects">What is followed; all of them are this relay's.</param>
    /// <param name="Request">Names the request in the answers.</param>
    public sealed record Follow(UserId User, ImmutableArray<Subject> Subjects, long Request) : RelayCommand;

    /// <summary>
    /// This connection does not follow the subjects any more. Answered with <see cref="RelayReply.Done"/> when that is carried out, so
    /// that a connection can wait before it asks for more.
    /// </summary>
    /// <param name="User">The user of the connection.</param>
    /// <param name="Subjects">What is not followed any more; all of them are this relay's.</param>
    /// <param name="Request">Names the request in the answer; null: there is no answer.</param>
    public sealed record Unfollow(UserId User, ImmutableArray<Subject> Subjects, long? Request) : RelayCommand;

    /// <summary>
    /// This connection, the sender, is no more: whatever it has asked for is undone (contract F8). Its parent says so for it. There is no
    /// answer.
    /// </summary>
    public sealed record End : RelayCommand, IDeadLetterSuppression
    {
        /// <summary>The only instance.</summary>
        public static readonly End Instance = new();

        private End()
        {
        }
    }
}

/// <summary>What a relay tells a connection, beside the <see cref="ServerMessage.StatusEvent"/>s of the users that it follows.</summary>
public abstract record RelayReply : INoSerializationVerificationNeeded, IDeadLetterSuppression
{
    /// <summary>What was published or withdrawn, or what a connection begins with, is in force (contract S7); or an unfollow is carried out.</summary>
    /// <param name="Request">The request's name.</param>
    public sealed record Done(long Request) : RelayReply;

    /// <summary>What is visible of subjects at the instant from which their changes arrive (contract F2).</summary>
    /// <param name="Request">The request's name.</param>
    /// <param name="Snapshots">Some or all of the subjects of the request.</param>
    public sealed record Followed(long Request, ImmutableArray<Snapshot> Snapshots) : RelayReply;

    /// <summary>The users with a username that the connection follows have changed.</summary>
    /// <param name="Name">The username.</param>
    /// <param name="Changes">Users that came or went (<see cref="SessionStatus.OfHolder"/>).</param>
    public sealed record HoldersChanged(string Name, ImmutableArray<StatusChange> Changes) : RelayReply;

    /// <summary>What is visible of one subject.</summary>
    /// <param name="Subject">The subject.</param>
    /// <param name="Sessions">Its visible sessions.</param>
    public readonly record struct Snapshot(Subject Subject, ImmutableArray<SessionStatus> Sessions);
}
