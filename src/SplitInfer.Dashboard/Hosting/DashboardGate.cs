using System.Buffers.Text;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using SplitInfer.AspNetCore.Access;
using SplitInfer.Server;

namespace SplitInfer.Dashboard.Hosting;

/// <summary>
/// Decides who may look. Where the server knows its clients by keys, whoever looks shows one, as the password of HTTP's basic authentication or as a bearer; else
/// the rule for clients holds: on this machine anyone, from others nobody unless the server lets in who has a trusted certificate, or what is insecure. A key is
/// neither asked for nor taken where it would travel from another machine without encryption.
/// </summary>
internal static class DashboardGate
{
    private const string Cookie = "splitinfer-dashboard", Realm = "Basic realm=\"SplitInfer\", charset=\"UTF-8\"";

    // Longer than any key that is meant.
    private const int MaxHeaderLength = 8192;

    // Blazor's renderer sets styles; nothing else is inline, and nothing is from elsewhere.
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'";

    // As often as the server looks whether its keys have changed.
    private static readonly TimeSpan KeyInterval = TimeSpan.FromSeconds(1);

    private static readonly Refusal NeedsKey = new(StatusCodes.Status401Unauthorized, "Give a key that the server knows as the password; the user may be anything.");

    /// <summary>Puts the decision before every endpoint.</summary>
    public static void Guard(IEndpointConventionBuilder endpoints, DashboardTickets tickets) => endpoints.Finally(endpoint =>
    {
        if (endpoint.RequestDelegate is not { } answer) return;
        endpoint.RequestDelegate = context =>
        {
            SetHeaders(context.Response);
            if (FaultOf(context, tickets, out var key) is { } refusal) return RefuseAsync(context, refusal);
            var answering = answer(context);
            return key is null || answering.IsCompleted ? answering : WatchAsync(context, key, answering);
        };
    });

    /// <summary>Ends a request once its key is removed: the connection of an open page is a request that lasts as long as the page.</summary>
    private static async Task WatchAsync(HttpContext context, string key, Task answering)
    {
        var server = context.RequestServices.GetRequiredService<SplitInferServer>();
        var timer = context.RequestServices.GetRequiredService<TimeProvider>().CreateTimer(_ =>
        {
            if (server.KnowsKey(key) != true) context.Abort();
        }, state: null, KeyInterval, KeyInterval);
        // Waits for a look that is under way, which must not outlive the request.
        await using (timer.ConfigureAwait(false)) await answering.ConfigureAwait(false);
    }

    /// <summary>Why somebody may not look; null where they may.</summary>
    private static Refusal? FaultOf(HttpContext context, DashboardTickets tickets, out string? shown)
    {
        shown = null;
        if (!IsOfThisPage(context)) return new(StatusCodes.Status403Forbidden, "Pages of other sites cannot use this one.");
        var server = context.RequestServices.GetRequiredService<SplitInferServer>();
        if (context.User.Identity?.IsAuthenticated == true) return null;
        if (server.KnowsKey(null) is null) return FaultWithoutKey(context, server);
        if (server.FaultOf(context) is { } insecure) return Insecure(insecure);
        if (PresentedKey(context) is { } key)
        {
            if (server.KnowsKey(key) != true) return NeedsKey;
            shown = key;
            // Not every browser repeats a password when it opens a WebSocket.
            context.Response.Cookies.Append(Cookie, tickets.Issue(key), new() { HttpOnly = true, SameSite = SameSiteMode.Strict, Secure = context.Request.IsHttps });
            return null;
        }

        shown = context.Request.Cookies[Cookie] is { } ticket ? tickets.KeyOf(ticket) : null;
        return shown is not null && server.KnowsKey(shown) == true ? null : NeedsKey;
    }

    private static Refusal? FaultWithoutKey(HttpContext context, SplitInferServer server)
    {
        // A name that leads to this machine may be anyone's, who then reads what a browser here sees.
        if (context.IsLocal && !context.HasLocalHost) return new(StatusCodes.Status403Forbidden, "Name this machine as 127.0.0.1 or localhost in the address.");
        return server.FaultOf(context) is { } fault ? Insecure(fault) : null;
    }

    private static Refusal Insecure(string fault) =>
        new(StatusCodes.Status403Forbidden, $"The dashboard would be shown to another machine {fault}. Use https:// and let the server know its clients by keys, or let it allow what is insecure.");

    /// <summary>Whether a browser asks on behalf of this page, or of no page: WebSockets of other sites are not stopped by browsers.</summary>
    private static bool IsOfThisPage(HttpContext context) =>
        context.Request.Headers.Origin is not [{ } origin] || (Uri.TryCreate(origin, UriKind.Absolute, out var page) && string.Equals(page.Authority, HostOf(context.Request), StringComparison.OrdinalIgnoreCase));

    // As an address has it, which leaves out a port that goes without saying.
    private static string HostOf(HttpRequest request) => Uri.TryCreate($"{request.Scheme}://{request.Host}", UriKind.Absolute, out var uri) ? uri.Authority : "";

    private static string? PresentedKey(HttpContext context)
    {
        if (context.Request.Headers.Authorization is not [{ Length: <= MaxHeaderLength } header]) return null;
        if (header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)) return header[7..].Trim();
        if (!header.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase)) return null;
        var bytes = new byte[Base64.GetMaxDecodedFromUtf8Length(header.Length)];
        if (!Convert.TryFromBase64String(header[6..].Trim(), bytes, out var length)) return null;
        var pair = Encoding.UTF8.GetString(bytes.AsSpan(0, length));
        return pair.IndexOf(':', StringComparison.Ordinal) is >= 0 and var colon ? pair[(colon + 1)..] : null;
    }

    private static Task RefuseAsync(HttpContext context, Refusal refusal)
    {
        if (refusal.Status == StatusCodes.Status401Unauthorized) context.Response.Headers.WWWAuthenticate = Realm;
        context.Response.StatusCode = refusal.Status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(refusal.Message, context.RequestAborted);
    }

    private static void SetHeaders(HttpResponse response)
    {
        var headers = response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers.CacheControl = "no-store";
    }

    private sealed record Refusal(int Status, string Message);
}
