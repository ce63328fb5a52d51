using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using SplitInfer.AspNetCore.Endpoints;
using SplitInfer.Server;

namespace SplitInfer.AspNetCore;

/// <summary>Lets further endpoints of an application ask for the keys of its server.</summary>
public static class SplitInferKeyEndpointConventionBuilderExtensions
{
    private const string Scheme = "Bearer ";

    // Longer than any key that is meant.
    private const int MaxKeyLength = 4096;

    /// <summary>
    /// Answers requests with 401 that do not have a key of the server as <c>Authorization: Bearer KEY</c>, where <see cref="ServerSecurityOptions.KeysFile"/> is set;
    /// where it is not, everybody is answered. The keys are those that frames need, and are looked at again when the file changes.
    /// </summary>
    /// <param name="builder">The endpoint, or the group, of an application that has a server.</param>
    /// <returns>The same endpoint.</returns>
    public static TBuilder RequireSplitInferKey<TBuilder>(this TBuilder builder) where TBuilder : IEndpointConventionBuilder
    {
        builder.Add(static endpoint =>
        {
            if (endpoint.RequestDelegate is not { } answer) return;
            endpoint.RequestDelegate = context => context.Server.Admits(KeyOf(context)) ? answer(context) : RefuseAsync(context);
        });
        return builder;
    }

    private static Task RefuseAsync(HttpContext context)
    {
        context.Response.Headers.WWWAuthenticate = "Bearer";
        return context.WriteErrorAsync(StatusCodes.Status401Unauthorized, "The server requires a key. Send one that it knows as Authorization: Bearer KEY.");
    }

    private static string? KeyOf(HttpContext context)
    {
        var header = context.Request.Headers.Authorization;
        return header.Count == 1 && header[0] is { Length: <= MaxKeyLength } text && text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? text[Scheme.Length..].Trim() : null;
    }
}
