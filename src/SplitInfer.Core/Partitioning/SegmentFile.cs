using System.Collections.Immutable;
using SplitInfer.Models;
using SplitInfer.Tensors;

namespace SplitInfer.Partitioning;

/// <summary>A head or a tail that was written as an ONNX file of its own.</summary>
public sealed class SegmentFile
{
    private SegmentFile(string path, string? dataPath, ImmutableArray<TensorSpec> inputs, ImmutableArray<TensorSpec> outputs) =>
        (Path, DataPath, Inputs, Outputs) = (path, dataPath, inputs, outputs);

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>A file beside it with weights that are too large for one file; null for nearly every model. The two belong together.</summary>
    public string? DataPath { get; }

    /// <summary>Inputs of the segment, in order.</summary>
    public ImmutableArray<TensorSpec> Inputs { get; }

    /// <summary>Outputs of the segment, in order; each value once.</summary>
    public ImmutableArray<TensorSpec> Outputs { get; }

    /// <summary>Writes a segment; null if it is empty.</summary>
    internal static SegmentFile? Write(SegmentModel segment, string source, string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (segment.IsEmpty) return null;
        var data = StandaloneFile.Write(segment.ToMessage(), segment.ExternalDataFolder, source, path);
        return new(path, data, segment.Inputs, segment.Outputs);
    }
}
