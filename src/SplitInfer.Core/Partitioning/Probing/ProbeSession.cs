using System.Collections.Immutable;
using Google.Protobuf;
using SplitInfer.Execution;
using SplitInfer.Execution.OnnxRuntime;
using SplitInfer.Models;
using SplitInfer.Models.Onnx;
using SplitInfer.Tensors;

namespace SplitInfer.Partitioning.Probing;

/// <summary>
/// A session that tells about a model and serves no request. Weights are fed like inputs, since shapes do not follow from them, and a
/// session holds its initializers several times over while it is made. Only the CPU is needed.
/// </summary>
internal sealed class ProbeSession : IDisposable
{
    // What shapes do follow from is far smaller.
    private const int MinWeightBytes = 64 << 10;

    private readonly OrtSession _session;
    private readonly ImmutableArray<TensorProto> _weights;
    private Tensor[] _fedWeights = [];

    private ProbeSession(OrtSession session, ImmutableArray<TensorProto> weights) => (_session, _weights) = (session, weights);

    /// <summary>What ONNX Runtime says of the inputs and outputs.</summary>
    public IEnumerable<OrtValueInfo> Values => _session.Inputs.SkipLast(_weights.Length).Concat(_session.Outputs);

    /// <summary>Makes a session.</summary>
    /// <param name="model">The model, which is changed.</param>
    /// <param name="folder">Where its external data lies.</param>
    /// <param name="execution">How ONNX Runtime is found and run.</param>
    /// <param name="optimization">What is done to the graph.</param>
    /// <exception cref="OnnxRuntimeException">ONNX Runtime refuses the model.</exception>
    public static ProbeSession Create(ModelProto model, string? folder, ExecutionOptions execution, GraphOptimization optimization)
    {
        var options = new ExecutionOptions
        {
            IntraOpThreads = execution.IntraOpThreads,
            UseSharedThreadPool = execution.UseSharedThreadPool,
            LibraryPath = execution.LibraryPath,
            Optimization = optimization,
        };
        ValueInfoProto[] inputs = [.. model.Graph.Input];
        TensorProto[] initializers = [.. model.Graph.Initializer];
        ImmutableArray<TensorProto> weights = [.. initializers.Where(IsWeight)];
        try
        {
            return new(Open([.. inputs, .. weights.Select(InfoOf)], initializers.Except(weights)), weights);
        }
        catch (OnnxRuntimeException) when (!weights.IsEmpty)
        {
            // Some operators want their weights constant.
            return new(Open(inputs, initializers), []);
        }

        OrtSession Open(IEnumerable<ValueInfoProto> inputs, IEnumerable<TensorProto> initializers)
        {
            model.Graph.Input.Clear();
            model.Graph.Input.Add(inputs);
            model.Graph.Initializer.Clear();
            model.Graph.Initializer.Add(initializers);
            return OrtSession.Create(model.ToByteArray(), folder, options);
        }
    }

    /// <summary>Runs once.</summary>
    /// <param name="inputs">One tensor for each input of the model, in order; they stay the caller's.</param>
    /// <param name="outputs">Room for one tensor for each output, which the caller owns.</param>
    /// <param name="cancellationToken">Stops the run at the next node.</param>
    /// <exception cref="OnnxRuntimeException">The run failed.</exception>
    /// <exception cref="InvalidTensorException">A weight is damaged.</exception>
    public void Run(IEnumerable<Tensor> inputs, Span<Tensor?> outputs, CancellationToken cancellationToken)
    {
        if (_fedWeights.Length == 0) _fedWeights = [.. _weights.Select(TensorProtoReader.Read)];
        _session.Run([.. inputs, .. _fedWeights], outputs, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _session.Dispose();
        foreach (var weight in _fedWeights) weight.Dispose();
    }

    private static bool IsWeight(TensorProto initializer) =>
        initializer.RawData.Length >= MinWeightBytes && initializer.Dims.All(static d => d > 0)
        && initializer.Dims.Aggregate(((ElementType)initializer.DataType).BitWidth() / 8.0, static (product, d) => product * d) == initializer.RawData.Length;

    private static ValueInfoProto InfoOf(TensorProto weight) =>
        ValueInfos.Of(new(weight.Name, (ElementType)weight.DataType, [.. weight.Dims.Select(Dimension.Fixed)]));
}
