namespace Presence.Tests.Cli.Kit;

/// <summary>A keyboard at which nobody types. Whoever reads it waits, as with the console's own reader in asynchronous calls as well.</summary>
internal sealed class Keyboard : TextReader
{
    private readonly TaskCompletionSource _awaited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _end = new();

    /// <summary>Ends when somebody waits for it.</summary>
    public Task Awaited => _awaited.Task;

    public override string ReadToEnd()
    {
        _awaited.TrySetResult();
        _end.Task.Wait();
        return "";
    }

    public override Task<string> ReadToEndAsync() => Task.FromResult(ReadToEnd());

    public override Task<string> ReadToEndAsync(CancellationToken cancellationToken) => ReadToEndAsync();

    protected override void Dispose(bool disposing)
    {
        _end.TrySetResult();
        base.Dispose(disposing);
    }
}
