using System.Globalization;
using Presence.Tests.Model.Faults;
using Xunit;

namespace Presence.Tests.Model;

/// <summary>
/// The protocol between relays and homes in thousands of random bad days. <c>PRESENCE_RUNS=100000</c> in the environment makes
/// it as many runs as that (about a minute per 100,000). A failure names its seed and tells what happened; the same seed is the
/// same run.
/// </summary>
[Trait("Clause", "E2")]
[Trait("Clause", "E3")]
[Trait("Clause", "E4")]
[Trait("Clause", "E6")]
[Trait("Clause", "F8")]
[Trait("Clause", "K2")]
public sealed class ProtocolUnderFaultsTests
{
    private static readonly int Runs =
        Environment.GetEnvironmentVariable("PRESENCE_RUNS") is { Length: > 0 } runs ? int.Parse(runs, CultureInfo.InvariantCulture) : 3000;

    [Fact]
    public void Whatever_goes_wrong_followers_are_told_the_truth()
    {
        for (var seed = 0; seed < Runs; seed++)
        {
            if (FaultyWorld.Run(seed, Without.Nothing) is not null)
                Assert.Fail(FaultyWorld.Explain(seed, Without.Nothing));
        }
    }

    [Fact]
    public void A_seed_is_a_run()
    {
        List<string> once = [], again = [];
        FaultyWorld.Run(42, Without.Nothing, once);
        FaultyWorld.Run(42, Without.Nothing, again);
        Assert.NotEmpty(once);
        Assert.Equal(once, again);
    }

    /// <summary>
    /// Without any one of its rules the protocol fails, in the way that the rule is there for. It takes from one run (retry) to
    /// some thousands (silence) to find.
    /// </summary>
    [Theory]
    [InlineData(Without.Merge, Violation.Backward)]
    [InlineData(Without.Ask, Violation.Divergence)]
    [InlineData(Without.Digest, Violation.Divergence)]
    [InlineData(Without.Lease, Violation.Divergence)]
    [InlineData(Without.Retry, Violation.Waiting)]
    [InlineData(Without.Silence, Violation.Divergence)]
    [InlineData(Without.Removed, Violation.Ghost)]
    [InlineData(Without.Succession, Violation.Leftover)]
    public void Each_rule_is_needed(Without without, string fault)
    {
        const int enough = 20_000;
        for (var seed = 0; seed < enough; seed++)
        {
            if (FaultyWorld.Run(seed, without)?.Rule == fault)
                return;
        }

        Assert.Fail($"{enough} runs without {without} show no {fault}");
    }
}
