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
}
