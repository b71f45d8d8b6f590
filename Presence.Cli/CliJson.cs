using System.Text.Json;
using System.Text.Json.Serialization;
using Presence.Cli.Accounts;
using Presence.Cli.Watching;

namespace Presence.Cli;

/// <summary>All JSON of the tool: what it keeps, what it says to the server's API, and what it prints. Its text is ASCII, so a terminal can show it.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Login))]
[JsonSerializable(typeof(CustomIdRequest))]
[JsonSerializable(typeof(TokenRequest))]
[JsonSerializable(typeof(TokenReply))]
[JsonSerializable(typeof(UsersReply))]
[JsonSerializable(typeof(FaultReply))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(SnapshotLine))]
[JsonSerializable(typeof(ChangeLine))]
[JsonSerializable(typeof(StateLine))]
internal sealed partial class CliJson : JsonSerializerContext;
