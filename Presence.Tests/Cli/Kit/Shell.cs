using Presence.Cli;
using Spectre.Console;

namespace Presence.Tests.Cli.Kit;

/// <summary>Runs commands as a shell does, but in this process: with a folder for settings, variables, a clock and a screen of its own.</summary>
internal sealed class Shell : IDisposable
{
    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("presence-cli-");
    private readonly Dictionary<string, string> _variables = [];

    /// <param name="server">Where the commands find a server, unless they are told otherwise.</param>
    public Shell(Uri? server = null)
    {
        if (server is not null)
            _variables["PRESENCE_SERVER"] = server.ToString();
    }

    /// <summary>Where logins are kept.</summary>
    public string Folder => Path.Combine(_home.FullName, "presence");

    /// <summary>The clock of the commands.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>The terminal that the output is; null: it is none.</summary>
    public Terminal? Terminal { get; init; }

    /// <summary>What is piped into the next commands.</summary>
    public string Input { get; set; } = "";

    /// <summary>What the next commands read instead, if it is no pipe.</summary>
    public Keyboard? Keyboard { get; init; }

    /// <summary>An environment variable; null: it is not set.</summary>
    public string? this[string variable]
    {
        get => _variables.GetValueOrDefault(variable);
        set
        {
            _variables.Remove(variable);
            if (value is not null)
                _variables[variable] = value;
        }
    }

    /// <summary>A file of the folder above.</summary>
    public string PathOf(string name) => Path.Combine(_home.FullName, name);

    /// <summary>Starts a command.</summary>
    public RunningCommand Start(params string[] args) => new(this, args);

    /// <summary>Runs a command to its end.</summary>
    public async Task<RunningCommand> RunAsync(params string[] args)
    {
        var command = Start(args);
        await command.EndAsync();
        return command;
    }

    /// <summary>Signs a user in.</summary>
    /// <returns>The name, which nobody else has.</returns>
    public async Task<string> LoginAsync(string name)
    {
        name = $"{name}-{Guid.NewGuid():N}"[..20];
        var login = await RunAsync("login", "--user", name);
        return login.Code == ExitCode.Done ? name : throw new InvalidOperationException(login.Error.Text);
    }

    public void Dispose() => _home.Delete(recursive: true);

    /// <summary>The surroundings of a command.</summary>
    internal Surroundings Around(TextWriter output, TextWriter error) => new()
    {
        Input = Keyboard ?? (TextReader)new StringReader(Input),
        Output = output,
        Error = error,
        Screen = Terminal is null ? null : AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.Yes,
            ColorSystem = ColorSystemSupport.Standard,
            Interactive = InteractionSupport.Yes,
            Out = Terminal,
            Enrichment = new ProfileEnrichment { UseDefaultEnrichers = false },
        }),
        Variable = name => this[name],
        Folder = Folder,
        Clock = Clock,
    };
}
