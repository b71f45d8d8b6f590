using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Options;
using Presence.Host.Configuration;

namespace Presence.Host.Http;

/// <summary>The page at <c>/demo/</c>: files beside the server, and nothing from anywhere else.</summary>
internal static class DemoPage
{
    /// <summary>Where the page is.</summary>
    public const string Path = "/demo";

    // The page runs its own script only, and speaks to its own server only.
    private const string Policy =
        "default-src 'self'; connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <summary>
    /// Serves the page, where it is switched on, and leads from <c>/</c> to it. Must come before the endpoints, which take every path.
    /// </summary>
    public static void UseDemoPage(this WebApplication app)
    {
        if (app.Services.GetRequiredService<IOptions<PresenceOptions>>().Value.Http.Demo != true)
            return;
        app.Use(LeadToPage);
        var folder = System.IO.Path.Combine(app.Environment.ContentRootPath, "wwwroot", "demo");
        var page = new FileServerOptions { RequestPath = Path, FileProvider = new PhysicalFileProvider(folder) };
        page.StaticFileOptions.OnPrepareResponse = file =>
        {
            file.Context.Response.Headers.ContentSecurityPolicy = Policy;
            file.Context.Response.Headers.XContentTypeOptions = "nosniff";
            file.Context.Response.Headers.CacheControl = "no-cache";
        };
        app.UseFileServer(page);
        UseDocuments(app, page.StaticFileOptions.OnPrepareResponse);
        app.UseRouting();
    }

    /// <summary>Serves the documents of this build as text: what the page leads to, and pages of them to each other.</summary>
    private static void UseDocuments(WebApplication app, Action<StaticFileResponseContext> prepare)
    {
        var folder = System.IO.Path.Combine(AppContext.BaseDirectory, "docs");
        // A build of the sources alone has none.
        if (!Directory.Exists(folder))
            return;
        var documents = new FileExtensionContentTypeProvider(new Dictionary<string, string> { [".md"] = "text/plain; charset=utf-8", [".svg"] = "image/svg+xml" });
        app.UseStaticFiles(new StaticFileOptions
        {
            RequestPath = Path + "/docs",
            FileProvider = new PhysicalFileProvider(folder),
            ContentTypeProvider = documents,
            OnPrepareResponse = prepare,
        });
    }

    private static Task LeadToPage(HttpContext context, RequestDelegate next)
    {
        if (context.Request.Path != "/" || !(HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method)))
            return next(context);
        // Relative: a proxy may have the server below another path.
        context.Response.Redirect(Path[1..] + "/");
        return Task.CompletedTask;
    }
}
