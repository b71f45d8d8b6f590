using System.Reflection;
using Xunit;
using Xunit.Abstractions;
using Xunit.Sdk;

[assembly: TestFramework("Presence.Tests.Build.SkipReasonFramework", "Presence.Tests")]

namespace Presence.Tests.Build;

/// <summary>
/// The test framework of xunit, which also ends a run with each reason for which tests were skipped. <c>dotnet test</c> by itself prints the
/// names of such tests without a reason. The lines are diagnostic messages, which xunit.runner.json turns on.
/// </summary>
public sealed class SkipReasonFramework(IMessageSink diagnostics) : XunitTestFramework(diagnostics)
{
    protected override ITestFrameworkExecutor CreateExecutor(AssemblyName assemblyName) =>
        new Executor(assemblyName, SourceInformationProvider, DiagnosticMessageSink);

    private sealed class Executor(AssemblyName assembly, ISourceInformationProvider source, IMessageSink diagnostics)
        : XunitTestFrameworkExecutor(assembly, source, diagnostics)
    {
        protected override void RunTestCases(
            IEnumerable<IXunitTestCase> testCases, IMessageSink executionMessageSink, ITestFrameworkExecutionOptions executionOptions) =>
            base.RunTestCases(testCases, new SkipReasonSink(executionMessageSink, DiagnosticMessageSink), executionOptions);
    }
}

/// <summary>Passes on what a run says, collects why tests were skipped, and says that as the run ends.</summary>
/// <param name="run">Whom the run tells.</param>
/// <param name="diagnostics">Where the reasons go.</param>
internal sealed class SkipReasonSink(IMessageSink run, IMessageSink diagnostics) : LongLivedMarshalByRefObject, IMessageSink
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, int> _reasons = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public bool OnMessage(IMessageSinkMessage message)
    {
        lock (_lock)
        {
            if (message is ITestSkipped skipped)
                _reasons[skipped.Reason] = _reasons.GetValueOrDefault(skipped.Reason) + 1;
            else if (message is ITestAssemblyFinished)
            {
                foreach (var (reason, tests) in _reasons)
                    diagnostics.OnMessage(new DiagnosticMessage($"{tests} skipped: {reason}"));
            }
        }

        return run.OnMessage(message);
    }
}
