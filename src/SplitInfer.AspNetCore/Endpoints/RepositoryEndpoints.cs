using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using SplitInfer.AspNetCore.OpenInference;

namespace SplitInfer.AspNetCore.Endpoints;

/// <summary>The models that there are: the index of the protocol's extension <c>model_repository</c>.</summary>
internal static class RepositoryEndpoints
{
    // A request has one setting.
    private const int MaxBytes = 4096;

    /// <summary>Adds the endpoints below <c>/v2/repository</c>.</summary>
    public static void Map(RouteGroupBuilder repository) => repository.MapPost("/index", Guard.Known(IndexAsync));

    private static async Task IndexAsync(HttpContext context)
    {
        var body = new byte[MaxBytes + 1];
        var length = await context.Request.Body.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, context.RequestAborted).ConfigureAwait(false);
        if (length > MaxBytes)
        {
            await context.WriteErrorAsync(StatusCodes.Status413PayloadTooLarge, $"The request has more than {MaxBytes} bytes. Send {{\"ready\": true}} for the models that are ready, or nothing for all.").ConfigureAwait(false);
            return;
        }

        IndexRequest? request;
        try
        {
            request = length == 0 ? null : JsonSerializer.Deserialize(body.AsSpan(0, length), OpenInferenceJson.Default.IndexRequest);
        }
        catch (JsonException)
        {
            await context.WriteErrorAsync(StatusCodes.Status400BadRequest, "The request is not what the protocol has. Send {\"ready\": true} for the models that are ready, or nothing for all.").ConfigureAwait(false);
            return;
        }

        await context.WriteAsync(IndexEntry.AllOf(context.Server, request?.Ready == true), OpenInferenceJson.Default.IndexEntryArray).ConfigureAwait(false);
    }
}
