namespace SplitInfer.Models;

/// <summary>How large a model file may be. Immutable.</summary>
public sealed class ModelLimits
{
    /// <summary>The limits that hold unless others are set.</summary>
    public static ModelLimits Default { get; } = new();

    /// <summary>
    /// The most bytes of the file without its external data. 2,147,483,591 unless set: the format allows no more than 2 GiB,
    /// and larger models keep their weights in external data.
    /// </summary>
    public long MaxFileBytes { get; init; } = Array.MaxLength;

    /// <summary>
    /// The largest number of messages, names and other parts of the file. It limits the memory for reading, because a part of
    /// two bytes can become an object of a hundred bytes. 8,000,000 unless set.
    /// </summary>
    public int MaxParts { get; init; } = 8_000_000;

    /// <summary>The most bytes of external data that are read, all files together. 1 TiB unless set.</summary>
    public long MaxExternalBytes { get; init; } = 1L << 40;
}
