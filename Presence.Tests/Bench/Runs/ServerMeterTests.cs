using Presence.Bench;
using Presence.Bench.Runs;
using Presence.Tests.Host.Links.Loops;
using Xunit;

namespace Presence.Tests.Bench.Runs;

public sealed class ServerMeterTests
{
    [LinuxFact]
    public void It_reads_what_a_process_has_used()
    {
        var meter = new ServerMeter([Environment.ProcessId]);
        var (cpu, resident) = (Environment.CpuUsage.TotalTime.TotalSeconds, Environment.WorkingSet);
        var (readCpu, readResident) = (meter.CpuSeconds, meter.ResidentKib * 1024);
        var (cpuThen, residentThen) = (Environment.CpuUsage.TotalTime.TotalSeconds, Environment.WorkingSet);

        // User and system time, each to a hundredth of a second.
        Assert.InRange(readCpu, cpu - 0.03, cpuThen + 0.03);
        Assert.InRange(readResident, Math.Min(resident, residentThen) * 0.5, Math.Max(resident, residentThen) * 2.0);
    }

    [LinuxFact]
    public void Several_processes_are_taken_together()
    {
        var one = new ServerMeter([Environment.ProcessId]).ResidentKib;
        Assert.InRange(new ServerMeter([Environment.ProcessId, Environment.ProcessId]).ResidentKib, 1.5 * one, 2.5 * one);
    }

    [LinuxFact]
    public void A_process_that_is_not_there_is_told() => Assert.Contains(
        "no process 2147483647", Assert.Throws<UsageException>(() => new ServerMeter([int.MaxValue])).Message, StringComparison.Ordinal);

    [Fact]
    public void Without_a_process_it_knows_nothing()
    {
        Assert.True(double.IsNaN(new ServerMeter([]).CpuSeconds));
        Assert.True(double.IsNaN(new ServerMeter([]).ResidentKib));
    }
}
