using System.Globalization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using SplitInfer.AspNetCore.OpenInference;
using SplitInfer.Server;

namespace SplitInfer.AspNetCore.Endpoints;

/// <summary>What endpoints answer with. All of it is of the moment, so that nothing may keep it.</summary>
internal static class Answers
{
    extension(HttpContext context)
    {
        /// <summary>The server of the application.</summary>
        public SplitInferServer Server => context.RequestServices.GetRequiredService<SplitInferServer>();

        /// <summary>Answers with a document.</summary>
        public Task WriteAsync<T>(T document, JsonTypeInfo<T> type, int status = StatusCodes.Status200OK)
        {
            context.Response.StatusCode = status;
            context.Response.Headers.CacheControl = "no-store";
            return context.Response.WriteAsJsonAsync(document, type, contentType: null, context.RequestAborted);
        }

        /// <summary>Answers as a request is refused.</summary>
        public Task WriteErrorAsync(InferenceException refused)
        {
            if (refused.RetryAfter is { } wait) context.Response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
            if (refused.Status == StatusCodes.Status401Unauthorized) context.Response.Headers.WWWAuthenticate = "Bearer";
            return context.WriteErrorAsync(refused.Status, refused.Message);
        }

        /// <summary>Answers with an error, as the protocol has it.</summary>
        public Task WriteErrorAsync(int status, string message) => context.WriteAsync(new(message), OpenInferenceJson.Default.ErrorDocument, status);
    }
}
