using Xunit;
using Xunit.Abstractions;

namespace Presence.Tests.Fuzzing;

/// <summary>
/// Every target takes its corpus and a short run of fresh inputs without a finding, and the fuzzer itself finds what it is there to
/// find. Longer runs: <c>dotnet run -c Release --project Presence.Tests -- fuzz</c>.
/// </summary>
[Trait("Clause", "L3")]
public sealed class FuzzTests(ITestOutputHelper output)
{
    // The inputs are others in each run, and those of a failure can be made again from what the failure says.
    private static readonly long Seed = DateTime.UtcNow.Ticks;

    public static TheoryData<string> Targets => [.. FuzzTargets.Names];

    [Theory]
    [MemberData(nameof(Targets))]
    public void The_corpus_is_read_without_a_finding(string name)
    {
        var target = FuzzTargets.Of(name);
        Assert.NotEmpty(target.Corpus);
        var run = new FuzzRun(target);
        run.RunCorpus();
        AssertNothingFound(run);
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void Fresh_inputs_are_read_without_a_finding(string name)
    {
        var run = new FuzzRun(FuzzTargets.Of(name));
        run.RunFresh(Seed, 0, 3000, TimeSpan.FromSeconds(2));
        output.WriteLine($"{name}: seed {Seed}, {run.Inputs} inputs\n{string.Join('\n', run.Outcomes)}");
        AssertNothingFound(run);
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void An_input_depends_on_its_seed_and_index_alone(string name)
    {
        var (one, other) = (FuzzTargets.Of(name), FuzzTargets.Of(name));
        var inputs = Enumerable.Range(0, 50).Select(i => one.Input(Seed, i)).ToArray();
        // In another order, and from another instance.
        for (var i = inputs.Length - 1; i >= 0; i--)
            Assert.Equal(inputs[i], other.Input(Seed, i));
        Assert.NotEqual(inputs, Enumerable.Range(0, 50).Select(i => one.Input(Seed + 1, i)));
    }

    [Fact]
    public void An_input_is_written_as_a_line_that_is_read_back()
    {
        for (var i = 0; i < 2000; i++)
        {
            var input = FuzzRandom.Of("lines", 1, i).Bytes(i % 300);
            Assert.Equal(input, FuzzCorpus.Parse(FuzzCorpus.Format(input)));
        }

        Assert.Equal("abab)\n"u8.ToArray(), FuzzCorpus.Parse("""\*2(ab)\x29\n"""));
        Assert.Throws<FormatException>(() => FuzzCorpus.Parse("""\*2(ab"""));
    }

    [Theory]
    [InlineData("throws", nameof(KeyNotFoundException))]
    [InlineData("allocates", "allocates too much")]
    [InlineData("differs", "a rule")]
    public void A_defect_is_found_once_for_each_kind_and_can_be_replayed(string defect, string what)
    {
        var run = new FuzzRun(new Defective(defect));
        run.RunFresh(1, 0, 20_000, TimeSpan.FromMinutes(1));
        Assert.True(run.Failures > 1, $"{run.Failures} of {run.Inputs} inputs failed");
        var finding = Assert.Single(run.Findings);
        Assert.Contains(what, finding.ToString(), StringComparison.Ordinal);
        var folder = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            var kept = File.ReadAllLines(finding.WriteTo(folder)).Where(line => !line.StartsWith('#'));
            var again = new FuzzRun(new Defective(defect));
            again.RunOne(FuzzCorpus.Parse(Assert.Single(kept)), "the file");
            Assert.Equal(finding.Kind, Assert.Single(again.Findings).Kind);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void AssertNothingFound(FuzzRun run) =>
        Assert.True(run.Findings.Count == 0, string.Join('\n', run.Findings.Select(f => $"{f}\ninput: {FuzzCorpus.Format(f.Input)}")));

    /// <summary>A reader of numbers with a defect that few inputs meet.</summary>
    private sealed class Defective(string defect) : FuzzTarget
    {
        public override string Name => "defective";

        public override byte[][] Words { get; } = [[.. "bad"u8]];

        public override string Check(byte[] input)
        {
            var isMet = input.AsSpan().IndexOf("bad"u8) > 3;
            Measured(input.Length, () => new byte[isMet && defect == "allocates" ? 1 << 20 : 1]);
            if (isMet && defect == "throws")
                throw new KeyNotFoundException();
            FuzzFailure.Unless(!isMet || defect != "differs", "a rule");
            return "fine";
        }

        protected override byte[] Generate(FuzzRandom random) => random.Bytes(random.Below(20));
    }
}
