namespace Presence.Bench.Abuse.Scenarios;

/// <summary>Nobody does anything: what the pairs see on this machine anyway.</summary>
internal sealed class Calm : IAbuse
{
    public string Name => "calm";

    public string Summary => "no client does anything: the figures of the pairs alone";

    public int Clients => 1;

    public Task RunAsync(AbuseContext context) => context.UntilEndAsync();
}
