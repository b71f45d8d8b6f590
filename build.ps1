<#
.SYNOPSIS
    Restores, builds, tests, publishes, packs and cleans Presence.

.DESCRIPTION
    Runs the named targets in the order given, each after the targets that it needs, and each once.
    The first command that fails ends the run with that command's exit code.

    The script asks for nothing but the .NET SDK and runs on Windows PowerShell 5.1 and on PowerShell 7.
    It uses the language and `dotnet` alone, no module's commands, so that the tests can run it in a bare engine.

    restore    takes the packages that the lock files name, no others
    build      compiles the solution, warnings being errors                      (after restore)
    test       runs every test                                                   (after build)
    publish    compiles the server ahead for <Runtime> into <Output>/publish     (after restore)
    pack       puts the NuGet packages into <Output>/packages                    (after build)
    clean      removes what the other targets made

.PARAMETER Target
    The targets to run, one or several. Without it: build and test.

.PARAMETER Configuration
    Release (the default) or Debug.

.PARAMETER Output
    The folder for the server and the packages; a relative path starts at the repository. Default: artifacts.

.PARAMETER Runtime
    What the published server is to run on: linux-x64 (the default) or linux-arm64. It starts faster than one that compiles itself.

.PARAMETER Version
    The version to stamp on assemblies and packages, as in 1.4.0 or 1.4.0-rc.1.
    Without it: the one in Directory.Build.props.

.EXAMPLE
    ./build.ps1

    Builds everything and runs the tests.

.EXAMPLE
    ./build.ps1 -Target clean, publish -Output /srv/presence

    Starts from nothing and leaves the server in /srv/presence/publish.

.EXAMPLE
    ./build.ps1 -Target test, pack -Version 1.4.0

    Packs release 1.4.0, but only if the tests pass.
#>
[CmdletBinding()]
param(
    [Parameter(Position = 0)]
    [ValidateNotNullOrEmpty()]
    [ValidateSet('restore', 'build', 'test', 'publish', 'pack', 'clean')]
    [string[]] $Target = @('build', 'test'),

    [ValidateSet('Debug', 'Release')]
    [string] $Configuration = 'Release',

    [ValidateNotNullOrEmpty()]
    [string] $Output = 'artifacts',

    [ValidateSet('linux-x64', 'linux-arm64')]
    [string] $Runtime = 'linux-x64',

    [ValidatePattern('^\d+\.\d+\.\d+(-[0-9A-Za-z]+([.-][0-9A-Za-z]+)*)?$')]
    [string] $Version
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
# Exit codes are looked at below; PowerShell 7 must not turn them into exceptions first.
$PSNativeCommandUseErrorActionPreference = $false

$solution = 'Presence.sln'
$server = 'Presence.Host/Presence.Host.csproj'
$Output = [System.IO.Path]::GetFullPath([System.IO.Path]::Combine($PSScriptRoot, $Output))
$published = [System.IO.Path]::Combine($Output, 'publish')
$packed = [System.IO.Path]::Combine($Output, 'packages')
$stamp = @(if ($Version) { "-p:Version=$Version" })

$needs = @{
    restore = @()
    build   = @('restore')
    test    = @('build')
    publish = @('restore')
    pack    = @('build')
    clean   = @()
}

$commands = @{
    restore = { Invoke-Dotnet restore $solution --locked-mode @stamp }
    build   = { Invoke-Dotnet build $solution --no-restore --configuration $Configuration @stamp }
    test    = { Invoke-Dotnet test $solution --no-build --configuration $Configuration }
    publish = {
        # For a runtime, more is restored than for building and testing: what compiles ahead.
        Invoke-Dotnet restore $server --locked-mode --runtime $Runtime @stamp
        Invoke-Dotnet publish $server --no-restore --configuration $Configuration --runtime $Runtime --output $published @stamp
    }
    pack    = { Invoke-Dotnet pack $solution --no-build --configuration $Configuration --output $packed @stamp }
    clean   = {
        Invoke-Dotnet clean $solution --configuration $Configuration
        # Only what the targets above made: -Output may well be a folder that holds other things.
        foreach ($folder in $published, $packed) {
            if ([System.IO.Directory]::Exists($folder)) { [System.IO.Directory]::Delete($folder, $true) }
        }
    }
}

function Invoke-Dotnet {
    "> dotnet $args"
    & dotnet @args
    if ($LASTEXITCODE -ne 0) {
        [System.Console]::Error.WriteLine("dotnet $($args[0]) failed with exit code $LASTEXITCODE.")
        exit $LASTEXITCODE
    }
}

$done = @{}

function Invoke-Target([string] $Name) {
    if ($done.ContainsKey($Name)) { return }
    foreach ($need in $needs[$Name]) { Invoke-Target $need }
    & $commands[$Name]
    $done[$Name] = $true
}

# The SDK looks for global.json from the working folder upwards; whoever calls from elsewhere gets the same build.
$location = $ExecutionContext.SessionState.Path
$location.PushCurrentLocation('presence-build')
try {
    [void] $location.SetLocation($PSScriptRoot)
    foreach ($name in $Target) { Invoke-Target $name }
}
finally {
    [void] $location.PopLocation('presence-build')
}
