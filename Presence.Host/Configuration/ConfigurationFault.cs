namespace Presence.Host.Configuration;

/// <summary>One wrong value of the configuration, told so that an operator can mend it without reading code.</summary>
/// <param name="Key">The full key, e.g. <c>Presence:Http:Port</c>.</param>
/// <param name="Reason">What is wrong, continuing the sentence that the key begins; never the value of a secret.</param>
internal readonly record struct ConfigurationFault(string Key, string Reason)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Key} {Reason}";
}
