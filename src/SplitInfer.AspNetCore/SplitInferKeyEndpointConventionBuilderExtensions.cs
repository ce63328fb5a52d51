using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using SplitInfer.AspNetCore.Access;
using SplitInfer.AspNetCore.Endpoints;
using SplitInfer.AspNetCore.OpenInference;
using SplitInfer.Server;

namespace SplitInfer.AspNetCore;

/// <summary>Lets further endpoints of an application ask for the keys of its server.</summary>
public static class SplitInferKeyEndpointConventionBuilderExtensions
{
    /// <summary>
    /// Answers requests with 401 that do not have a key of the server as <c>Authorization: Bearer KEY</c>, where <see cref="ServerSecurityOptions.KeysFile"/> is set,
    /// and with 403 where such a key would travel from another machine without encryption, unless <see cref="ServerSecurityOptions.AllowInsecure"/> is set. Where
    /// there are no keys, everybody is answered. The keys are those that frames need, and are looked at again when the file changes.
    /// </summary>
    /// <param name="builder">The endpoint, or the group, of an application that has a server.</param>
    /// <returns>The same endpoint.</returns>
    /// <exception cref="InvalidOperationException">When the application starts: the endpoint has nothing that answers, so that nothing would be protected.</exception>
    public static TBuilder RequireSplitInferKey<TBuilder>(this TBuilder builder) where TBuilder : IEndpointConventionBuilder
    {
        // Last of all, since some endpoints get what answers by a convention of their own.
        builder.Finally(static endpoint =>
        {
            var answer = endpoint.RequestDelegate ?? throw new InvalidOperationException($"The endpoint '{endpoint.DisplayName}' has nothing that answers, so that {nameof(RequireSplitInferKey)} cannot protect it. Call it on the endpoint that is mapped.");
            endpoint.RequestDelegate = context => FaultOf(context) is { } fault ? context.WriteErrorAsync(fault) : answer(context);
        });
        return builder;
    }

    private static InferenceException? FaultOf(HttpContext context)
    {
        var server = context.Server;
        if (!server.RequiresKeys) return null;
        try
        {
            context.RequireSafety(server);
        }
        catch (InferenceException refused)
        {
            return refused;
        }

        if (server.Admits(context.PresentedKey())) return null;
        context.Response.Headers.WWWAuthenticate = "Bearer";
        return new(StatusCodes.Status401Unauthorized, "The server requires a key. Send one that it knows as Authorization: Bearer KEY.");
    }
}
