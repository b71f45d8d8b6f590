using Xunit;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Presence.Tests.Host.Links.Loops;

/// <summary>A fact of a suite that every loop must pass; a class of it that is <see cref="LinuxOnlyAttribute"/> has none elsewhere.</summary>
[XunitTestCaseDiscoverer("Presence.Tests.Host.Links.Loops.LoopFactDiscoverer", "Presence.Tests")]
[AttributeUsage(AttributeTargets.Method)]
public sealed class LoopFactAttribute : FactAttribute;

/// <summary>Marks the class of a suite that is about what only Linux has: elsewhere it would pass as something else.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class LinuxOnlyAttribute : Attribute;

public sealed class LoopFactDiscoverer(IMessageSink sink) : IXunitTestCaseDiscoverer
{
    public IEnumerable<IXunitTestCase> Discover(
        ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo factAttribute) =>
        OperatingSystem.IsLinux() || !testMethod.TestClass.Class.GetCustomAttributes(typeof(LinuxOnlyAttribute)).Any()
            ? new FactDiscoverer(sink).Discover(discoveryOptions, testMethod, factAttribute)
            : [];
}
