using Xunit;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Presence.Tests.Host.Links.Loops;

/// <summary>A fact about what only Linux has; elsewhere there is no such test.</summary>
[XunitTestCaseDiscoverer("Presence.Tests.Host.Links.Loops.LinuxFactDiscoverer", "Presence.Tests")]
[AttributeUsage(AttributeTargets.Method)]
public sealed class LinuxFactAttribute : FactAttribute;

public sealed class LinuxFactDiscoverer(IMessageSink sink) : IXunitTestCaseDiscoverer
{
    public IEnumerable<IXunitTestCase> Discover(
        ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo factAttribute) =>
        OperatingSystem.IsLinux() ? new FactDiscoverer(sink).Discover(discoveryOptions, testMethod, factAttribute) : [];
}
