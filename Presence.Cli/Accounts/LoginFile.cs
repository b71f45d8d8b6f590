using System.Text.Json;

namespace Presence.Cli.Accounts;

/// <summary>
/// Where the login of a profile is kept: a file in the user's configuration folder that nobody else can read. It is replaced as a whole, so
/// that a command that reads it meanwhile, or a machine that fails, finds the old one or the new one.
/// </summary>
/// <param name="folder">The tool's folder.</param>
/// <param name="profile">The profile.</param>
internal sealed class LoginFile(string folder, string profile)
{
    /// <summary>The profile of somebody who has only one.</summary>
    public const string DefaultProfile = "default";

    private const UnixFileMode OwnersFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnersFolder = OwnersFile | UnixFileMode.UserExecute;

    /// <summary>Where it is.</summary>
    public string Path { get; } = System.IO.Path.Combine(folder, $"{profile}.json");

    /// <summary>What a command line needs to mean this profile: nothing, or the option with a space before it.</summary>
    public string Options => profile == DefaultProfile ? "" : $" --profile {profile}";

    /// <summary>
    /// Takes the access of other users of this machine away from the tool's folder and from this login, if they have any: an older tool,
    /// a restored backup or a synchronised folder may have left it. Windows protects the folder by what it inherits.
    /// </summary>
    /// <returns>What was changed, for the user; null: nothing.</returns>
    /// <exception cref="FailureException">Others have access, and it cannot be taken away.</exception>
    public string? Protect()
    {
        if (OperatingSystem.IsWindows())
            return null;
        // The folder first: then nobody else can open the file.
        List<string> changed = [];
        foreach (var (path, mode) in ((string, UnixFileMode)[])[(folder, OwnersFolder), (Path, OwnersFile)])
        {
            try
            {
                if ((File.GetUnixFileMode(path) & ~OwnersFolder) == 0)
                    continue;
                File.SetUnixFileMode(path, mode);
                changed.Add(path);
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                // There is no login yet.
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw FailureException.Usage(
                    $"Other users of this machine have access to {path}, where logins are kept, and it cannot be changed: {e.Message}",
                    $"`chmod go= {path}` as its owner takes the access away.");
            }
        }

        return changed.Count == 0 ? null
            : $"Other users of this machine had access to {string.Join(" and ", changed)}. Now only you have. If they may have read a login, `presence logout{Options}` revokes it.";
    }

    /// <summary>The login; null: nobody is logged in.</summary>
    /// <exception cref="FailureException">There is a file, but it cannot be read.</exception>
    public Login? Read()
    {
        try
        {
            using var file = File.OpenRead(Path);
            return JsonSerializer.Deserialize(file, CliJson.Default.Login);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (JsonException)
        {
            throw FailureException.Refused($"{Path} is not a login that this tool wrote.", $"`presence login{Options}` makes a new one.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw FailureException.Usage($"The login cannot be read: {e.Message}");
        }
    }

    /// <summary>Keeps a login, in the place of whatever is there.</summary>
    /// <exception cref="FailureException">It cannot be written.</exception>
    public void Write(Login login) => Put(login, inPlaceOf: null);

    /// <summary>Keeps a login in the place of the one that was read, so that nobody who has logged out since finds it back.</summary>
    /// <returns>Whether that one was still there.</returns>
    /// <exception cref="FailureException">It cannot be written.</exception>
    public bool Replace(Login read, Login login) => Put(login, inPlaceOf: read);

    /// <summary>Forgets the login.</summary>
    /// <exception cref="FailureException">It cannot be removed.</exception>
    public void Delete()
    {
        try
        {
            File.Delete(Path);
        }
        catch (DirectoryNotFoundException)
        {
            // There was nothing to forget.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw FailureException.Usage($"The login cannot be removed: {e.Message}");
        }
    }

    /// <param name="login">What is kept.</param>
    /// <param name="inPlaceOf">What must be there; null: whatever is.</param>
    private bool Put(Login login, Login? inPlaceOf)
    {
        // Beside it, so that the last step is a rename; under a name of its own, since two commands may renew at once.
        var draft = System.IO.Path.Combine(folder, $"{profile}.{Guid.NewGuid():N}.tmp");
        try
        {
            CreateFolder();
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = OwnersFile;
            using var file = new FileStream(draft, options);
            try
            {
                JsonSerializer.Serialize(file, login, CliJson.Default.Login);
                file.Flush(flushToDisk: true);
                file.Close();
                // As late as can be; whoever comes in between still finds tokens that a logout has made worthless.
                if (inPlaceOf is not null && Read() != inPlaceOf)
                {
                    File.Delete(draft);
                    return false;
                }

                File.Move(draft, Path, overwrite: true);
                return true;
            }
            catch
            {
                file.Close();
                File.Delete(draft);
                throw;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw FailureException.Usage($"The login cannot be kept: {e.Message}");
        }
    }

    private void CreateFolder()
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(folder);
        else
            Directory.CreateDirectory(folder, OwnersFolder);
    }
}
