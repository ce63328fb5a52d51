using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using SplitInfer.AspNetCore.OpenInference;
using SplitInfer.Server;

namespace SplitInfer.AspNetCore.Endpoints;

/// <summary>What one model takes and gives, whether it can be used, and its outputs.</summary>
internal static class ModelEndpoints
{
    /// <summary>Adds the endpoints of a model below a path that has its <c>name</c>, and its <c>version</c> or else the latest.</summary>
    public static void Map(RouteGroupBuilder model)
    {
        model.MapGet("", Guard.Known(static context => context.WithModelAsync(static (context, versions, asked) =>
            context.WriteAsync(ModelDocument.Of(asked, versions), OpenInferenceJson.Default.ModelDocument))));
        model.MapGet("/ready", Guard.Known(static context => context.WithModelAsync(static async (context, _, asked) =>
        {
            var isReady = await context.Server.IsReadyAsync(asked.Name, asked.Version, context.RequestAborted).ConfigureAwait(false);
            await context.WriteAsync(new(asked.Name, isReady), OpenInferenceJson.Default.ModelReadyDocument, Readiness.StatusOf(isReady)).ConfigureAwait(false);
        })));
        model.MapPost("/infer", static context => InferEndpoint.AnswerAsync(context, static (context, answer) => context.WithModelAsync((_, _, asked) => answer(asked))));
    }

    /// <summary>Goes on with the model that the path names and all its versions, the latest first, or answers that there is none.</summary>
    private static Task WithModelAsync(this HttpContext context, Func<HttpContext, ServedModelStatus[], ServedModelStatus, Task> answer)
    {
        // What the path says may be anything. It is compared with the names that are served, and neither used as a path nor repeated.
        var (name, version) = (context.RouteText("name"), context.RouteText("version"));
        ServedModelStatus[] versions = [.. context.Server.Models.Where(model => model.Name == name)];
        var asked = versions.FirstOrDefault(model => version is null || model.Version == version);
        return asked is not null
            ? answer(context, versions, asked)
            : context.WriteErrorAsync(StatusCodes.Status404NotFound, versions.Length == 0 ? "This server has no model of that name." : "This server does not have that version of the model.");
    }

    // Routing decodes a segment but for slashes in it, which names that come from code may have.
    private static string? RouteText(this HttpContext context, string key) =>
        (context.Request.RouteValues[key] as string)?.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
}
