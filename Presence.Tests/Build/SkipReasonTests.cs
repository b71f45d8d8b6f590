using System.Reflection;
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
            [Said<ITestSkipped>("There is no browser."), Said<ITestSkipped>("There is no Node.js."), Said<ITestSkipped>("There is no browser.")];
        foreach (var message in messages)
            Assert.True(sink.OnMessage(message));
        Assert.Empty(diagnostics.Messages);

        var end = Said<ITestAssemblyFinished>("");
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

    private static T Said<T>(string reason)
        where T : class, IMessageSinkMessage
    {
        var message = DispatchProxy.Create<T, Message>();
        ((Message)(object)message).Reason = reason;
        return message;
    }

    /// <summary>A message of a run that has a reason and nothing else.</summary>
    public class Message : DispatchProxy
    {
        internal string Reason { get; set; } = "";

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => targetMethod?.Name == "get_Reason" ? Reason : null;
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
