namespace SplitInfer.Tensors;

/// <summary>How large tensors may be whose sizes a request states. Immutable.</summary>
public sealed class SizeLimits
{
    /// <summary>The limits that hold unless others are set.</summary>
    public static SizeLimits Default { get; } = new();

    /// <summary>The most elements along one symbolic axis. 16,777,216 unless set.</summary>
    public long MaxDimension { get; init; } = 1 << 24;

    /// <summary>The most bytes that all tensors of one boundary take together. 268,435,456 (256 MiB) unless set.</summary>
    public long MaxBytes { get; init; } = 256L << 20;
}
