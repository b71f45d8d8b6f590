using System.Globalization;
using Microsoft.AspNetCore.Mvc;
using Presence.Actors.Model;
using Presence.Host.Auth;

namespace Presence.Host.Http;

/// <summary>Tells what there is to tell about users: who they are by their tokens, and whether they are online.</summary>
internal static class AccountEndpoints
{
    /// <summary>Where users are looked up.</summary>
    public const string UsersPath = "/v2/user";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Maps them.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/v2/account", ServiceEndpoints.GetOrHead, OwnAccountAsync);
        routes.MapMethods(UsersPath, ServiceEndpoints.GetOrHead, UsersAsync);
    }

    // `lang_tag`, `metadata` and `wallet` say what they say for every new user; SDKs parse them. The latter two are JSON texts.
    private sealed record UserView(
        string Id, string Username, bool Online, string? CreateTime, string? UpdateTime, string LangTag = "en", string Metadata = "{}");

    private sealed record DeviceView(string Id);

    private sealed record AccountView(UserView User, string? CustomId, DeviceView[]? Devices, string Wallet = "{}");

    private sealed record UsersView(UserView[]? Users);

    private static async Task<IResult> OwnAccountAsync(
        HttpRequest request,
        Credentials credentials,
        AccountDirectory accounts,
        [FromServices] IPresenceLookup lookup,
        UserQueryLimit limit,
        TimeProvider time)
    {
        var caller = await credentials.RequireBearerAsync(request).ConfigureAwait(false);
        using var room = limit.Take(1);
        var shown = await InTime(cancel => lookup.ShownAsync([caller.User], cancel), time, request).ConfigureAwait(false);
        var account = accounts.Find(caller.User);
        return ApiReply.Of(new AccountView(
            View(caller.User, caller.Username, !shown.IsEmpty, account),
            account?.Kind == AccountKind.Custom ? account.Id : null,
            account?.Kind == AccountKind.Device ? [new DeviceView(account.Id)] : null));
    }

    private static async Task<IResult> UsersAsync(
        HttpRequest request,
        Credentials credentials,
        AccountDirectory accounts,
        [FromServices] IPresenceLookup lookup,
        UserQueryLimit limit,
        TimeProvider time)
    {
        var caller = await credentials.RequireBearerAsync(request).ConfigureAwait(false);
        var (ids, usernames) = (request.Query["ids"], request.Query["usernames"]);
        var count = ids.Count + usernames.Count;
        if (count == 0)
            return ApiReply.Of(new UsersView(null));
        if (count > UserQueryLimit.PerRequest)
            throw new ApiException(ApiError.InvalidArgument($"A request may name at most {UserQueryLimit.PerRequest} users."));
        // Whom the request names, with the username as far as it is known.
        var named = new Dictionary<UserId, string?>();
        foreach (var text in ids)
        {
            if (!TryUser(text, caller, out var id))
                throw new ApiException(ApiError.InvalidArgument("A user id must be a UUID."));
            named[id] = id == caller.User ? caller.Username : accounts.Find(id)?.Username;
        }

        using var room = limit.Take(count);
        // What spells no name is the name of nobody.
        string[] names = [.. usernames.Select(text => Username.TryNormalize(text, out var name) ? name : null).OfType<string>().Distinct(StringComparer.Ordinal)];
        foreach (var name in names)
        {
            if (accounts.Find(name) is { } account)
                named[account.User] = name;
        }

        if (names.Length > 0)
        {
            var holders = await InTime(cancel => lookup.UsersOfNamesAsync([.. names], cancel), time, request).ConfigureAwait(false);
            foreach (var (name, users) in holders)
            {
                // A name may have many users, and the answer has a bound.
                foreach (var user in users.Take(Math.Max(0, UserQueryLimit.PerRequest - named.Count)))
                    named[user] = name;
            }
        }

        var shown = await InTime(cancel => lookup.ShownAsync([.. named.Keys], cancel), time, request).ConfigureAwait(false);
        UserView[] found = [.. named.Select(each => Find(each.Key, each.Value)).OfType<UserView>()];
        return ApiReply.Of(new UsersView(found.Length > 0 ? found : null));

        // Null: nobody that this server has heard of.
        UserView? Find(UserId user, string? username)
        {
            var shows = shown.TryGetValue(user, out var name);
            username ??= name;
            return username is null ? null : View(user, username, shows, accounts.Find(user));
        }
    }

    /// <summary>
    /// The user of an id. If the id of the caller is no UUID, the ids of the caller's issuer may be given as well, as the issuer writes them.
    /// </summary>
    private static bool TryUser(string? text, TokenClaims caller, out UserId user)
    {
        if (UserId.TryParse(text, out user))
            return true;
        if (caller.NamingIssuer is not { } issuer || string.IsNullOrEmpty(text))
            return false;
        user = NamedUser.Of(issuer, text);
        return true;
    }

    private static UserView View(UserId user, string username, bool online, Account? account)
    {
        var created = account?.CreatedAt.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        return new(user.ToString(), username, online, created, created);
    }

    private static async Task<T> InTime<T>(Func<CancellationToken, Task<T>> question, TimeProvider time, HttpRequest request) =>
        await question(request.HttpContext.RequestAborted).WaitAsync(Patience, time, request.HttpContext.RequestAborted).ConfigureAwait(false);
}
