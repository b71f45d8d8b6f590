namespace Presence.Tests.Model.Faults;

/// <summary>A rule of the protocol that a run does without, so that the fault shows that the rule is there for.</summary>
public enum Without
{
    /// <summary>All rules hold.</summary>
    Nothing,

    /// <summary>What a home tells always looks newer than what is known.</summary>
    Merge,

    /// <summary>No home's question reaches a relay.</summary>
    Ask,

    /// <summary>Reports do not say what the reporter knows.</summary>
    Digest,

    /// <summary>A relay that is owed nothing never reports again by itself.</summary>
    Lease,

    /// <summary>A report to which no answer came is not sent again.</summary>
    Retry,

    /// <summary>A home never asks about silence.</summary>
    Silence,

    /// <summary>A relay takes no notice of nodes that are removed from the cluster.</summary>
    Removed,

    /// <summary>A relay that is started in the place of one that failed does not say whose place it takes.</summary>
    Succession,
}
