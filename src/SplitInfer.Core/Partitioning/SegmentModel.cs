using System.Collections.Immutable;
using Google.Protobuf;
using SplitInfer.Models.Onnx;
using SplitInfer.Tensors;

namespace SplitInfer.Partitioning;

/// <summary>A head, a tail or the whole, as a model of its own. Immutable; serialised each time it is asked for, since the bytes hold the weights.</summary>
internal sealed class SegmentModel(ModelProto model, ImmutableArray<TensorSpec> inputs, ImmutableArray<TensorSpec> outputs, string? externalDataFolder)
{
    /// <summary>What the segment takes, in this order.</summary>
    public ImmutableArray<TensorSpec> Inputs => inputs;

    /// <summary>What the segment yields, in this order; each value once.</summary>
    public ImmutableArray<TensorSpec> Outputs => outputs;

    /// <summary>Whether there is nothing to run, and so no session to make.</summary>
    public bool IsEmpty => outputs.IsEmpty;

    /// <summary>The folder that the weights lie in which the bytes do not hold; null where there are none.</summary>
    public string? ExternalDataFolder => externalDataFolder;

    /// <summary>The segment as an ONNX file.</summary>
    public byte[] ToBytes() => model.ToByteArray();
}
