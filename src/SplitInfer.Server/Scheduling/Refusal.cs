using SplitInfer.Protocol;

namespace SplitInfer.Server.Scheduling;

/// <summary>Why a request is not answered, in words that a client may read: no names and no traces of what is inside the server.</summary>
internal readonly record struct Refusal(RefusalCode Code, string Message, int? DifferingPartition = null)
{
    public static Refusal Busy { get; } =
        new(RefusalCode.Busy, "The server has as many requests as it is set to take. Send the request again later, or to another server.");

    public static Refusal Late { get; } =
        new(RefusalCode.DeadlineExceeded, "The deadline passed before the server could answer. Allow more time, or choose a partition that leaves less to the server.");

    public static Refusal Cancelled { get; } = new(RefusalCode.Cancelled, "The request was withdrawn.");

    public static Refusal ShuttingDown { get; } =
        new(RefusalCode.ShuttingDown, "The server is shutting down. Send the request to another server, or again later.");

    public static Refusal Closed { get; } =
        new(RefusalCode.ModelClosed, "The model is not open on this connection. Open it, and send the request again.");

    public static Refusal Failed { get; } =
        new(RefusalCode.Failed, "The tail failed on the server. Its log says why; on the device the same model may succeed.");

    public static Refusal Unavailable { get; } =
        new(RefusalCode.PartitionUnavailable, "The server cannot load the tail of this partition. Its log says why; choose another partition.");
}
