using System.Management.Automation;
using System.Management.Automation.Language;
using Xunit;

namespace Presence.Tests.Build;

public sealed class BuildScriptTests : IDisposable
{
    private const string Restore = "restore Presence.sln --locked-mode";
    private const string Build = "build Presence.sln --no-restore --configuration Release";
    private const string Test = "test Presence.sln --no-build --configuration Release";
    private const string RestoreAhead = "restore Presence.Host/Presence.Host.csproj --locked-mode --runtime linux-x64";
    private const string Publish = "publish Presence.Host/Presence.Host.csproj --no-restore --configuration Release --runtime linux-x64 --output ";
    private const string Pack = "pack Presence.sln --no-build --configuration Release --output ";
    private const string Clean = "clean Presence.sln --configuration Release";

    private readonly string _output = Directory.CreateTempSubdirectory("presence-build-").FullName;

    public void Dispose() => Directory.Delete(_output, recursive: true);

    [Fact]
    public void The_script_parses_without_errors()
    {
        BuildScript.Parse(out var errors);
        Assert.Empty(errors);
    }

    [Fact]
    public void The_script_calls_no_command_but_dotnet_and_its_own()
    {
        var script = BuildScript.Parse(out _);
        var own = script.FindAll(node => node is FunctionDefinitionAst, searchNestedScriptBlocks: true)
            .Select(node => ((FunctionDefinitionAst)node).Name);
        var called = script.FindAll(node => node is CommandAst, searchNestedScriptBlocks: true)
            .Select(node => ((CommandAst)node).GetCommandName())
            // A command without a name is a script block of the table of commands.
            .Where(name => name is not null);

        Assert.Empty(called.Except([.. own, "dotnet", "Set-StrictMode"]));
    }

    [Fact]
    public void The_help_explains_every_parameter_and_names_every_target()
    {
        var script = BuildScript.Parse(out _);
        var help = script.GetHelpContent();

        Assert.NotEmpty(help.Synopsis);
        Assert.NotEmpty(help.Examples);
        Assert.All(script.ParamBlock.Parameters, parameter =>
            Assert.NotEmpty(help.Parameters[parameter.Name.VariablePath.UserPath.ToUpperInvariant()]));
        Assert.All(
            ["restore", "build", "test", "publish", "pack", "clean"],
            target => Assert.Contains($"\n{target} ", help.Description.ReplaceLineEndings("\n"), StringComparison.Ordinal));
    }

    [Fact]
    public void Without_a_target_it_builds_and_tests()
    {
        var run = BuildScript.Run([]);
        Assert.Equal([Restore, Build, Test], run.Commands);
        Assert.Equal(0, run.ExitCode);
    }

    [Theory]
    [InlineData("restore", Restore)]
    [InlineData("build", Restore, Build)]
    [InlineData("BUILD", Restore, Build)]
    [InlineData("test", Restore, Build, Test)]
    [InlineData("publish", Restore, RestoreAhead, Publish + "{output}/publish")]
    [InlineData("pack", Restore, Build, Pack + "{output}/packages")]
    [InlineData("clean", Clean)]
    public void A_target_runs_after_what_it_needs(string target, params string[] expected)
    {
        var run = Run(target);
        Assert.Equal(expected.Select(Expand), run.Commands);
        Assert.Equal(0, run.ExitCode);
    }

    [Fact]
    public void Several_targets_run_in_the_order_given_and_what_they_share_runs_once()
    {
        var run = Run("clean", "pack", "test", "publish", "build");
        Assert.Equal(
            [Clean, Restore, Build, Expand(Pack + "{output}/packages"), Test, RestoreAhead, Expand(Publish + "{output}/publish")],
            run.Commands);
    }

    [Fact]
    public void The_server_and_the_packages_go_to_artifacts_unless_told_otherwise()
    {
        var run = BuildScript.Run(new() { ["Target"] = new[] { "publish", "pack" } });
        Assert.Equal(Publish + Path.Combine(Repository.Root, "artifacts", "publish"), run.Commands[2]);
        Assert.Equal(Pack + Path.Combine(Repository.Root, "artifacts", "packages"), run.Commands[^1]);
    }

    [Fact]
    public void The_server_is_compiled_ahead_for_the_runtime_it_is_to_run_on()
    {
        var run = BuildScript.Run(new() { ["Target"] = "publish", ["Output"] = _output, ["Runtime"] = "linux-arm64" });
        Assert.All(run.Commands.Skip(1), command => Assert.Contains(" --runtime linux-arm64", command, StringComparison.Ordinal));
        Assert.Equal(3, run.Commands.Count);
    }

    [Fact]
    public void The_configuration_reaches_every_command_but_restore()
    {
        var run = BuildScript.Run(new()
        {
            ["Target"] = new[] { "clean", "test", "publish", "pack" },
            ["Configuration"] = "Debug",
            ["Output"] = _output,
        });
        Assert.All(
            run.Commands.Where(command => command is not (Restore or RestoreAhead)),
            command => Assert.Contains(" --configuration Debug", command, StringComparison.Ordinal));
        Assert.Equal(7, run.Commands.Count);
    }

    [Theory]
    [InlineData("1.4.0")]
    [InlineData("1.4.0-rc.1")]
    public void A_version_is_stamped_on_all_that_is_built(string version)
    {
        var run = BuildScript.Run(new() { ["Target"] = new[] { "publish", "pack" }, ["Output"] = _output, ["Version"] = version });
        Assert.Equal(5, run.Commands.Count);
        Assert.All(run.Commands, command => Assert.EndsWith($" -p:Version={version}", command, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("restore", 1, Restore)]
    [InlineData("build", 134, Restore, Build)]
    [InlineData("test", 2, Restore, Build, Test)]
    public void A_failing_command_stops_the_rest_and_gives_its_exit_code(string failing, int exitCode, params string[] expected)
    {
        var run = BuildScript.Run(new() { ["Target"] = new[] { "test", "pack" }, ["Output"] = _output }, failing, exitCode);
        Assert.Equal(expected, run.Commands);
        Assert.Equal(exitCode, run.ExitCode);
    }

    [Fact]
    public void Clean_removes_what_was_published_and_packed_and_nothing_else()
    {
        Directory.CreateDirectory(Path.Combine(_output, "publish", "wwwroot"));
        File.WriteAllText(Path.Combine(_output, "publish", "wwwroot", "index.html"), "");
        Directory.CreateDirectory(Path.Combine(_output, "packages"));
        File.WriteAllText(Path.Combine(_output, "notes.txt"), "");

        Run("clean");

        Assert.Equal([Path.Combine(_output, "notes.txt")], Directory.EnumerateFileSystemEntries(_output));
    }

    [Fact]
    public void Clean_that_fails_leaves_what_was_published()
    {
        Directory.CreateDirectory(Path.Combine(_output, "publish"));
        var run = BuildScript.Run(new() { ["Target"] = "clean", ["Output"] = _output }, failing: "clean", exitCode: 1);
        Assert.Equal(1, run.ExitCode);
        Assert.True(Directory.Exists(Path.Combine(_output, "publish")));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("build")]
    public void It_works_in_the_repository_and_leaves_the_caller_where_he_was(string? failing)
    {
        var run = BuildScript.Run([], failing, exitCode: 1, location: _output);
        Assert.NotEmpty(run.Folders);
        Assert.All(run.Folders, folder => Assert.Equal(Repository.Root, folder));
        Assert.Equal(_output, run.LocationAfterwards);
    }

    [Theory]
    [InlineData("Target", "deploy", "restore,build,test,publish,pack,clean")]
    [InlineData("Configuration", "Fast", "Debug,Release")]
    [InlineData("Version", "next", "next")]
    [InlineData("Output", "", "Output")]
    public void A_wrong_value_is_refused_with_a_message_that_says_what_is_right(string parameter, string value, string clue)
    {
        var refusal = Assert.ThrowsAny<ParameterBindingException>(() => BuildScript.Run(new() { [parameter] = value }));
        Assert.Equal(parameter, refusal.ParameterName);
        Assert.Contains(clue, refusal.Message, StringComparison.Ordinal);
    }

    private BuildRun Run(params string[] targets) =>
        BuildScript.Run(new() { ["Target"] = targets, ["Output"] = _output });

    private string Expand(string command) => command
        .Replace("{output}/", _output + Path.DirectorySeparatorChar, StringComparison.Ordinal);
}
