namespace Presence.Client.Requests;

/// <summary>What is done with tasks that nobody has to wait for.</summary>
internal static class Tasks
{
    /// <summary>Takes note of a failure, which whoever waits is told of as well.</summary>
    public static void Observe(this Task task) =>
        task.ContinueWith(t => t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
}
