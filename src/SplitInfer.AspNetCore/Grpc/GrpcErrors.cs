using System.Globalization;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using SplitInfer.AspNetCore.OpenInference;

namespace SplitInfer.AspNetCore.Grpc;

/// <summary>Says in words and numbers of gRPC what the server refuses.</summary>
internal static class GrpcErrors
{
    // Clients with a policy of retries keep to it.
    private const string Pushback = "grpc-retry-pushback-ms";

    /// <summary>A request that is refused.</summary>
    public static RpcException Of(InferenceException refused)
    {
        var trailers = new Metadata();
        if (PushbackOf(refused) is { } wait) trailers.Add(Pushback, wait);
        return new(new(CodeOf(refused.Status), refused.Message), trailers);
    }

    /// <summary>Answers with a refusal before gRPC has begun.</summary>
    public static void Write(HttpContext context, InferenceException refused)
    {
        var headers = context.Response.Headers;
        context.Response.ContentType = "application/grpc";
        headers["grpc-status"] = ((int)CodeOf(refused.Status)).ToString(CultureInfo.InvariantCulture);
        headers["grpc-message"] = Uri.EscapeDataString(refused.Message);
        if (PushbackOf(refused) is { } wait) headers[Pushback] = wait;
    }

    private static string? PushbackOf(InferenceException refused) => refused.RetryAfter is { } wait ? Math.Ceiling(wait.TotalMilliseconds).ToString(CultureInfo.InvariantCulture) : null;

    private static StatusCode CodeOf(int status) => status switch
    {
        StatusCodes.Status400BadRequest or StatusCodes.Status413PayloadTooLarge => StatusCode.InvalidArgument,
        StatusCodes.Status401Unauthorized => StatusCode.Unauthenticated,
        StatusCodes.Status403Forbidden => StatusCode.PermissionDenied,
        StatusCodes.Status404NotFound => StatusCode.NotFound,
        StatusCodes.Status422UnprocessableEntity => StatusCode.FailedPrecondition,
        StatusCodes.Status429TooManyRequests => StatusCode.ResourceExhausted,
        StatusCodes.Status499ClientClosedRequest => StatusCode.Cancelled,
        StatusCodes.Status501NotImplemented => StatusCode.Unimplemented,
        StatusCodes.Status503ServiceUnavailable => StatusCode.Unavailable,
        StatusCodes.Status504GatewayTimeout => StatusCode.DeadlineExceeded,
        _ => StatusCode.Internal,
    };
}
