using System.CommandLine;
using System.Diagnostics;
using System.Globalization;

namespace Presence.Tests.Fuzzing;

/// <summary>
/// The command <c>fuzz</c>: random inputs for one target or each in turn, for as long as wanted. Its exit code is 0 when nothing was
/// wrong, and 1 when something was.
/// </summary>
internal static class FuzzCommand
{
    // Each target has a turn of this length, so that a run of all of them reports on all of them early.
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(10);

    public static Command Command()
    {
        var target = new Option<string>("--target") { Description = "Which target, or all.", DefaultValueFactory = _ => "all" };
        target.AcceptOnlyFromAmong(["all", .. FuzzTargets.Names]);
        var minutes = new Option<double>("--minutes") { Description = "For how long.", DefaultValueFactory = _ => 10 };
        var count = new Option<long>("--count") { Description = "How many inputs per target at most.", DefaultValueFactory = _ => long.MaxValue };
        var seed = new Option<long?>("--seed") { Description = "What the inputs come from; the time if there is none." };
        var first = new Option<long>("--first") { Description = "The index of the first input.", DefaultValueFactory = _ => 0 };
        var folder = new Option<string>("--findings") { Description = "Where findings are written.", DefaultValueFactory = _ => "fuzz-findings" };
        var replay = new Option<FileInfo?>("--replay") { Description = "A file of inputs, as a finding or a corpus is written; only they are run." };
        var command = new Command("fuzz", "Random inputs for everything that reads bytes of others.")
        {
            target, minutes, count, seed, first, folder, replay,
        };
        command.SetAction(given =>
        {
            var name = given.GetValue(target)!;
            var names = name == "all" ? [.. FuzzTargets.Names] : new[] { name };
            if (given.GetValue(replay) is { } file)
                return Replay(names, file, given.GetValue(folder)!);
            return Run(
                names,
                TimeSpan.FromMinutes(given.GetValue(minutes)),
                given.GetValue(count),
                given.GetValue(seed) ?? DateTime.UtcNow.Ticks / TimeSpan.TicksPerSecond,
                given.GetValue(first),
                given.GetValue(folder)!);
        });
        return command;
    }

    private static int Run(string[] names, TimeSpan time, long count, long seed, long first, string folder)
    {
        Tell($"seed {seed}");
        var begin = Stopwatch.GetTimestamp();
        var states = names.Select(name => new State(name, folder) { Next = first }).ToArray();
        foreach (var state in states)
            state.Run.RunCorpus();
        while (true)
        {
            var open = states.Where(s => s.Next - first < count).ToArray();
            var left = time - Stopwatch.GetElapsedTime(begin);
            if (open.Length == 0 || left <= TimeSpan.Zero)
                break;
            foreach (var state in open)
            {
                // The last turns share what time there is.
                var turn = left / open.Length < Turn ? left / open.Length : Turn;
                var since = Stopwatch.GetTimestamp();
                var from = state.Next;
                state.Next = state.Run.RunFresh(seed, from, count - (from - first), turn);
                state.Time += Stopwatch.GetElapsedTime(since);
                state.Report(state.Next - from, Stopwatch.GetElapsedTime(since));
            }
        }

        Console.WriteLine();
        foreach (var state in states)
            state.Summarise();
        Tell($"seed {seed}: {states.Sum(s => s.Run.Inputs)} inputs, {states.Sum(s => s.Run.Failures)} failed, {states.Sum(s => s.Run.Findings.Count)} kinds of findings, in {Stopwatch.GetElapsedTime(begin)}");
        return states.Any(s => s.Run.Failures > 0) ? 1 : 0;
    }

    private static int Replay(string[] names, FileInfo file, string folder)
    {
        var inputs = File.ReadAllLines(file.FullName).Where(line => line.Length > 0 && line[0] != '#').Select(FuzzCorpus.Parse).ToArray();
        var failed = false;
        foreach (var state in names.Select(name => new State(name, folder)))
        {
            for (var i = 0; i < inputs.Length; i++)
                state.Run.RunOne(inputs[i], $"{file.Name}, input {i + 1}");
            state.Report(inputs.Length, TimeSpan.Zero);
            state.Summarise();
            failed |= state.Run.Failures > 0;
        }

        return failed ? 1 : 0;
    }

    private static void Tell(string line) => Console.WriteLine($"{DateTime.Now.ToString("HH:mm:ss", CultureInfo.InvariantCulture)} {line}");

    /// <summary>How far one target is.</summary>
    private sealed class State
    {
        private readonly string _folder;
        private int _reported;

        public State(string name, string folder)
        {
            _folder = folder;
            Target = FuzzTargets.Of(name);
            Run = new FuzzRun(Target) { Hangs = Hang };
        }

        public FuzzTarget Target { get; }

        public FuzzRun Run { get; }

        public long Next { get; set; }

        public TimeSpan Time { get; set; }

        public void Report(long inputs, TimeSpan time)
        {
            Tell($"{Target.Name}: {inputs} inputs, {inputs / Math.Max(time.TotalSeconds, 0.001):F0}/s, {Run.Failures} failed in all");
            foreach (var finding in Run.Findings.Skip(_reported))
                Tell($"FINDING in {finding.WriteTo(_folder)}\n{finding}");
            _reported = Run.Findings.Count;
        }

        public void Summarise()
        {
            Console.WriteLine($"{Target.Name}: {Run.Inputs} inputs, {Run.Failures} failed, {Run.Findings.Count} kinds of findings");
            foreach (var (outcome, times) in Run.Outcomes)
                Console.WriteLine($"  {times,12} {outcome}");
        }

        private void Hang(FuzzFinding finding)
        {
            Tell($"FINDING in {finding.WriteTo(_folder)}\n{finding}");
            // The thread that hangs cannot be stopped.
            Environment.Exit(1);
        }
    }
}
