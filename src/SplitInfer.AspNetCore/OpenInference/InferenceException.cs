using Microsoft.AspNetCore.Http;
using SplitInfer.Protocol;

namespace SplitInfer.AspNetCore.OpenInference;

/// <summary>A request that cannot be answered with outputs, for a reason that its client may read.</summary>
/// <param name="status">The status of HTTP that says so.</param>
/// <param name="message">Why, and what to do.</param>
internal sealed class InferenceException(int status, string message) : Exception(message)
{
    /// <summary>The status of HTTP that says so.</summary>
    public int Status => status;

    /// <summary>What it is counted as: the client's mistake unless set.</summary>
    public RefusalCode Code { get; init; } = RefusalCode.InvalidPayload;

    /// <summary>When to come back; null where that does not help or is not known.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The request is not one that the model takes.</summary>
    public static InferenceException Bad(string message) => new(StatusCodes.Status400BadRequest, message);

    /// <summary>The request is over what the server takes.</summary>
    public static InferenceException TooLarge(string message) => new(StatusCodes.Status413PayloadTooLarge, message) { Code = RefusalCode.LimitExceeded };

    /// <summary>The request asks for what the server does not have.</summary>
    public static InferenceException NotSupported(string message) => new(StatusCodes.Status501NotImplemented, message);
}
