using SplitInfer.Codecs;
using SplitInfer.Protocol;
using SplitInfer.Segments;
using SplitInfer.Server.Scheduling;
using SplitInfer.Tensors;

namespace SplitInfer.Server.Connections;

/// <summary>Tells a client what an error means to its request.</summary>
internal static class RequestFailure
{
    /// <summary>What a client is told of an error.</summary>
    /// <param name="exception">The error.</param>
    /// <param name="request">The request that it ended.</param>
    public static Refusal RefusalOf(Exception exception, ServerRequest request) => exception switch
    {
        // A busy server says when to come back; who holds too many bytes is told nothing of it.
        TailRefusedException refused => new(refused.Code, refused.Message, RetryAfter: refused.RetryAfter) { Want = refused is { Code: RefusalCode.Busy, RetryAfter: null } ? Want.Memory : Want.None },
        // A timer may fire a little before its time, so the clock is not asked.
        OperationCanceledException when request.IsWithdrawn => Refusal.Cancelled,
        OperationCanceledException when request.Terms.DueAt < long.MaxValue => Refusal.Late,
        InvalidPayloadException or TensorMismatchException => new(RefusalCode.InvalidPayload, exception.Message),
        SizeLimitException => new(RefusalCode.LimitExceeded, exception.Message),
        SegmentLoadException => Refusal.Unavailable,
        _ => Refusal.Failed,
    };
}
