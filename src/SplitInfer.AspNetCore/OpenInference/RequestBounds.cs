namespace SplitInfer.AspNetCore.OpenInference;

/// <summary>What a request may have beside the elements of its tensors, in JSON and in gRPC alike.</summary>
internal static class RequestBounds
{
    /// <summary>Tensors in a list: more than any model has, and few enough to compare.</summary>
    public const int MaxTensors = 1024;

    /// <summary>Dimensions of a shape.</summary>
    public const int MaxRank = 32;

    /// <summary>Bytes of a name, or of another text.</summary>
    public const int MaxTextBytes = 4096;

    /// <summary>Bytes of all that is not an element: names, shapes and parameters.</summary>
    public const long AllowanceBytes = 1 << 20;

    /// <summary>The longest deadline, µs: a day, which is longer than any that is meant, and short enough for a timer.</summary>
    public const long LongestDeadlineMicroseconds = 24L * 60 * 60 * 1_000_000;
}
