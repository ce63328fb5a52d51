using System.Collections.Immutable;
using Google.Protobuf;
using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Models.Onnx;
using SplitInfer.Tensors;

namespace SplitInfer.Partitioning.Probing;

/// <summary>
/// A model that is looked at and serves no request. Its weights become inputs, the last ones, since shapes do not follow from them, and an
/// engine holds initializers several times over while it loads a model.
/// </summary>
/// <param name="model">The model, which is changed.</param>
/// <param name="willRun">Whether the model is run, for which weights must be at hand: those in another file stay what they are.</param>
internal sealed class ProbeModel(ModelProto model, bool willRun)
{
    // What shapes do follow from is far smaller.
    private const int MinWeightBytes = 64 << 10;

    /// <summary>Loads the model in an engine; in its original form if the engine requires constant weights.</summary>
    /// <param name="load">Takes the bytes of the model.</param>
    /// <param name="fedWeights">The weights that have become inputs, in order.</param>
    /// <exception cref="EngineException">The engine refuses the model.</exception>
    public T Use<T>(Func<byte[], T> load, out ImmutableArray<TensorProto> fedWeights)
    {
        ValueInfoProto[] inputs = [.. model.Graph.Input];
        TensorProto[] initializers = [.. model.Graph.Initializer];
        fedWeights = [.. initializers.Where(IsWeight)];
        try
        {
            return load(Write([.. inputs, .. fedWeights.Select(InfoOf)], initializers.Except(fedWeights)));
        }
        catch (EngineException) when (!fedWeights.IsEmpty)
        {
            fedWeights = [];
            return load(Write(inputs, initializers));
        }
    }

    private byte[] Write(IEnumerable<ValueInfoProto> inputs, IEnumerable<TensorProto> initializers)
    {
        model.Graph.Input.Clear();
        model.Graph.Input.Add(inputs);
        model.Graph.Initializer.Clear();
        model.Graph.Initializer.Add(initializers);
        return model.ToByteArray();
    }

    private bool IsWeight(TensorProto initializer)
    {
        var type = (ElementType)initializer.DataType;
        if (!type.CanBeBound() || !type.HasFixedSize() || initializer.Dims.Any(static d => d <= 0)) return false;
        var bytes = initializer.Dims.Aggregate((double)type.ByteSize(1), static (product, d) => product * d);
        return bytes >= MinWeightBytes && (initializer.DataLocation == TensorProto.Types.DataLocation.External ? !willRun : bytes == initializer.RawData.Length);
    }

    private static ValueInfoProto InfoOf(TensorProto weight) =>
        ValueInfos.Of(new(weight.Name, (ElementType)weight.DataType, [.. weight.Dims.Select(Dimension.Fixed)]));
}
