using System.Globalization;
using Microsoft.AspNetCore.Mvc;
using Presence.Actors.Model;

namespace Presence.Host.Http;

/// <summary>Tells what there is to tell about users: who they are by their tokens, and whether they are online.</summary>
internal static class AccountEndpoints
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Maps them.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v2/account", OwnAccountAsync);
        routes.MapGet("/v2/user", UsersAsync);
    }

    // `lang_tag`, `metadata` and `wallet` say what they say for every new user; SDKs parse them. The latter two are JSON texts.
    private sealed record UserView(
        string Id, string Username, bool Online, string? CreateTime, string? UpdateTime, string LangTag = "en", string Metadata = "{}");

    private sealed record DeviceView(string Id);

    private sealed record AccountView(UserView User, string? CustomId, DeviceView[]? Devices, string Wallet = "{}");

    private sealed record UsersView(UserView[]? Users);

    private static async Task<IResult> OwnAccountAsync(
        HttpRequest request, Credentials credentials, AccountDirectory accounts, [FromServices] IPresenceLookup lookup, TimeProvider time)
    {
        var caller = await credentials.RequireBearerAsync(request).ConfigureAwait(false);
        var visible = await InTime(cancel => lookup.VisibleAsync(caller.User, cancel), time, request).ConfigureAwait(false);
        var account = accounts.Find(caller.User);
        return ApiReply.Of(new AccountView(
            View(caller.User, caller.Username, visible.Length > 0, account),
            account?.Kind == AccountKind.Custom ? account.Id : null,
            account?.Kind == AccountKind.Device ? [new DeviceView(account.Id)] : null));
    }

    private static async Task<IResult> UsersAsync(
        HttpRequest request, Credentials credentials, AccountDirectory accounts, [FromServices] IPresenceLookup lookup, TimeProvider time)
    {
        var caller = await credentials.RequireBearerAsync(request).ConfigureAwait(false);
        // Whom the request names, with the username as far as it is known.
        var named = new Dictionary<UserId, string?>();
        foreach (var text in request.Query["ids"])
        {
            if (!UserId.TryParse(text, out var id))
                throw new ApiException(ApiError.InvalidArgument("A user id must be a UUID."));
            named[id] = id == caller.User ? caller.Username : accounts.Find(id)?.Username;
        }
        foreach (var name in request.Query["usernames"].OfType<string>().Where(name => name.Length > 0).Distinct(StringComparer.Ordinal))
        {
            if (accounts.Find(name) is { } account)
                named[account.User] = name;
            foreach (var bearer in await InTime(cancel => lookup.BearersAsync(name, cancel), time, request).ConfigureAwait(false))
                named[bearer] = name;
        }

        var users = await Task.WhenAll(named.Select(each => FindAsync(each.Key, each.Value))).ConfigureAwait(false);
        return ApiReply.Of(new UsersView(users.OfType<UserView>().ToArray() is { Length: > 0 } found ? found : null));

        // Null: nobody that this server has heard of.
        async Task<UserView?> FindAsync(UserId user, string? username)
        {
            var visible = await InTime(cancel => lookup.VisibleAsync(user, cancel), time, request).ConfigureAwait(false);
            username ??= visible.FirstOrDefault()?.Username;
            return username is null ? null : View(user, username, visible.Length > 0, accounts.Find(user));
        }
    }

    private static UserView View(UserId user, string username, bool online, Account? account)
    {
        var created = account?.CreatedAt.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        return new(user.ToString(), username, online, created, created);
    }

    private static async Task<T> InTime<T>(Func<CancellationToken, Task<T>> question, TimeProvider time, HttpRequest request) =>
        await question(request.HttpContext.RequestAborted).WaitAsync(Patience, time, request.HttpContext.RequestAborted).ConfigureAwait(false);
}
