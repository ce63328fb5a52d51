using Microsoft.AspNetCore.Http;
using SplitInfer.Protocol;

namespace SplitInfer.AspNetCore.OpenInference;

/// <summary>Says in words and numbers of HTTP what the server refuses.</summary>
internal static class Refusals
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    /// <summary>A request that the server refuses.</summary>
    public static InferenceException Of(TailRefusedException refused) => new(refused.Code switch
    {
        RefusalCode.Unauthorized => StatusCodes.Status401Unauthorized,
        RefusalCode.UnknownModel => StatusCodes.Status404NotFound,
        RefusalCode.InvalidPartition => StatusCodes.Status501NotImplemented,
        RefusalCode.InvalidPayload => StatusCodes.Status400BadRequest,
        // Sizes are looked at before; what is over a limit now takes too long, or gives too much.
        RefusalCode.LimitExceeded => StatusCodes.Status422UnprocessableEntity,
        RefusalCode.Busy => StatusCodes.Status429TooManyRequests,
        RefusalCode.DeadlineExceeded => StatusCodes.Status504GatewayTimeout,
        RefusalCode.Cancelled => StatusCodes.Status499ClientClosedRequest,
        RefusalCode.ShuttingDown or RefusalCode.PartitionUnavailable => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status500InternalServerError,
    }, refused.Message) { Code = refused.Code, RetryAfter = refused.Code is RefusalCode.Busy or RefusalCode.ShuttingDown or RefusalCode.PartitionUnavailable ? refused.RetryAfter ?? Soon : null };

    /// <summary>The server takes no requests.</summary>
    public static InferenceException Stopping() =>
        new(StatusCodes.Status503ServiceUnavailable, "The server is starting or stopping. Send the request to another server, or again later.") { Code = RefusalCode.ShuttingDown, RetryAfter = Soon };
}
