using SplitInfer.Protocol;

namespace SplitInfer.Server.Scheduling;

/// <summary>What a request that is refused was refused for want of.</summary>
internal enum Want
{
    /// <summary>Of nothing that another load would have left.</summary>
    None,

    /// <summary>A place to wait.</summary>
    Room,

    /// <summary>Bytes that may be held.</summary>
    Memory,

    /// <summary>What the clients of its key may take.</summary>
    KeyLimit,

    /// <summary>Time.</summary>
    Time,
}

/// <summary>Why a request is not answered, in words that a client may read: no names and no traces of what is inside the server.</summary>
internal readonly record struct Refusal(RefusalCode Code, string Message, int? DifferingPartition = null, TimeSpan? RetryAfter = null)
{
    // Sooner, nothing will have changed, s.
    private const double LeastWait = 0.01;

    /// <summary>What the request was refused for want of.</summary>
    public Want Want
    {
        get => field != Want.None ? field : Code switch { RefusalCode.Busy => Want.Room, RefusalCode.DeadlineExceeded => Want.Time, _ => Want.None };
        init;
    }

    /// <summary>The refusal as an exception.</summary>
    public TailRefusedException ToException() => new(Code, Message) { RetryAfter = RetryAfter };

    public static Refusal Busy { get; } =
        new(RefusalCode.Busy, "The server has as many requests as it is set to take. Send the request again later, or to another server.");

    /// <summary>The client, its machine or all of them hold as many bytes as they may.</summary>
    public static Refusal OutOfMemory { get; } = Busy with { Want = Want.Memory };

    /// <summary>The server has too much to do.</summary>
    /// <param name="seconds">When it will have done so much that there is room again, s.</param>
    public static Refusal BusyFor(double seconds) => Busy with { RetryAfter = TimeSpan.FromSeconds(Math.Max(seconds, LeastWait)) };

    /// <summary>The server has as many connections as it takes. One that ends, or idles, makes room.</summary>
    public static Refusal Crowded { get; } = new(
        RefusalCode.Busy, "The server has as many connections as it is set to take. Connect again later, or to another server; or let it take more.", RetryAfter: TimeSpan.FromSeconds(1));

    public static Refusal Late { get; } =
        new(RefusalCode.DeadlineExceeded, "The deadline passed before the server could answer. Allow more time, or choose a partition that leaves less to the server.");

    /// <summary>Not even the shallowest exit that may answer would be in time.</summary>
    /// <param name="seconds">When those that wait before it will have run, s.</param>
    public static Refusal LateFor(double seconds) => Late with { RetryAfter = TimeSpan.FromSeconds(Math.Max(seconds, LeastWait)) };

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
