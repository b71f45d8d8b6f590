using System.Text.Json;
using Xunit;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Presence.Tests.Build;

/// <summary>A run says why tests were skipped.</summary>
public sealed class SkipReasonTests
{
    [Fact]
    public void A_run_ends_with_each_reason_and_how_many_tests_it_skipped()
    {
        var (run, diagnostics) = (new Collected(), new Collected());
        var sink = new SkipReasonSink(run, diagnostics);
        IMessageSinkMessage[] messages =
        [
            new TestSkipped(null, "There is no browser."), new TestSkipped(null, "There is no Node.js."), new TestSkipped(null, "There is no browser."),
        ];
        foreach (var message in messages)
            Assert.True(sink.OnMessage(message));
        Assert.Empty(diagnostics.Messages);

        var end = new TestAssemblyFinished([], null, 0, 3, 0, 3);
        sink.OnMessage(end);

        Assert.Equal([.. messages, end], run.Messages);
        Assert.Equal(
            ["1 skipped: There is no Node.js.", "2 skipped: There is no browser."],
            diagnostics.Messages.Cast<DiagnosticMessage>().Select(message => message.Message));
    }

    [Fact]
    public void The_runner_prints_them()
    {
        using var settings = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "xunit.runner.json")));
        Assert.True(settings.RootElement.GetProperty("diagnosticMessages").GetBoolean());
        Assert.Contains(
            typeof(SkipReasonTests).Assembly.GetCustomAttributesData(),
            data => data.AttributeType == typeof(TestFrameworkAttribute) && Equals(data.ConstructorArguments[0].Value, typeof(SkipReasonFramework).FullName));
    }

    private sealed class Collected : LongLivedMarshalByRefObject, IMessageSink
    {
        public List<IMessageSinkMessage> Messages { get; } = [];

        public bool OnMessage(IMessageSinkMessage message)
        {
            Messages.Add(message);
            return true;
        }
    }
}
