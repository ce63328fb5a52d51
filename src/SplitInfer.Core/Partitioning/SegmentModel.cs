using System.Collections.Immutable;
using Google.Protobuf;
using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Models.Onnx;
using SplitInfer.Tensors;

namespace SplitInfer.Partitioning;

/// <summary>A head, a tail or the whole, as a model of its own. Immutable; serialised each time it is asked for, since the bytes hold the weights.</summary>
internal sealed class SegmentModel(ModelProto model, ImmutableArray<TensorSpec> inputs, ImmutableArray<TensorSpec> outputs, ExternalCopy? externalCopy)
{
    /// <summary>Inputs of the segment, in order.</summary>
    public ImmutableArray<TensorSpec> Inputs => inputs;

    /// <summary>Outputs of the segment, in order; each value once.</summary>
    public ImmutableArray<TensorSpec> Outputs => outputs;

    /// <summary>Whether there is nothing to run, and so no session to make.</summary>
    public bool IsEmpty => outputs.IsEmpty;

    /// <summary>The folder that the weights lie in which the bytes do not hold; null if there are none.</summary>
    public string? ExternalDataFolder => externalCopy?.Folder;

    /// <summary>Whether the segment may have a constant of at least so many bytes. What only folding would make so large is not looked for.</summary>
    public bool HasWeights(int minBytes) =>
        model.Graph.Initializer.Any(constant => constant.DataLocation == TensorProto.Types.DataLocation.External || constant.CalculateSize() >= minBytes)
        || model.Graph.Node.Any(node => node.OpType == "ConstantOfShape" || node.Attribute.Any(attribute => attribute.T is not null && attribute.CalculateSize() >= minBytes));

    /// <summary>The segment as an ONNX file.</summary>
    public byte[] ToBytes() => model.ToByteArray();

    /// <summary>The segment as a message of its own, which states the types of all its outputs.</summary>
    public ModelProto ToMessage()
    {
        var copy = model.Clone();
        foreach (var (output, spec) in copy.Graph.Output.Zip(outputs)) output.Type ??= ValueInfos.Of(spec).Type;
        return copy;
    }

    /// <summary>The same segment in another form, with the same weights beside it.</summary>
    public SegmentModel With(ModelProto changed, ImmutableArray<TensorSpec> changedInputs, ImmutableArray<TensorSpec> changedOutputs) => new(changed, changedInputs, changedOutputs, externalCopy);

    /// <summary>Loads the segment without sharing memory with others, with the highest level of optimisation that succeeds.</summary>
    /// <exception cref="EngineException">The engine refuses it.</exception>
    public IEngineSession Load(ExecutionOptions options)
    {
        var bytes = ToBytes();
        return options.WithFewerOptimizations(less => options.Engine.Load(bytes, less, ExternalDataFolder), out _, out _);
    }
}
