namespace Presence.Bench.Abuse;

/// <summary>One way in which clients misuse a server. An instance holds no state of a run.</summary>
internal interface IAbuse
{
    /// <summary>The name on the command line and in reports.</summary>
    string Name { get; }

    /// <summary>What the clients do, in one line.</summary>
    string Summary { get; }

    /// <summary>How many clients there are unless the command line says otherwise.</summary>
    int Clients { get; }

    /// <summary>For how long they do it unless the command line says otherwise, in seconds.</summary>
    double Seconds => 10;

    /// <summary>Whether it makes sense against a server with TLS only.</summary>
    bool NeedsTls => false;

    /// <summary>
    /// Opens what the abuse needs and what is no abuse itself, for example the users who are followed. It runs before the first
    /// measurement.
    /// </summary>
    Task PrepareAsync(AbuseContext context) => Task.CompletedTask;

    /// <summary>
    /// Does it until <see cref="AbuseContext.Ended"/> is cancelled, or for less long. Refusals and broken links are counted in
    /// <see cref="AbuseContext.Answers"/>, not thrown. Every link that it opened is closed by the context afterwards.
    /// </summary>
    Task RunAsync(AbuseContext context);
}
