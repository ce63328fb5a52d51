using System.Collections.Immutable;
using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Models.Onnx;
using SplitInfer.Tensors;

namespace SplitInfer.Partitioning.Probing;

/// <summary>A session that measures a model and serves no request. Its weights are read with the first run.</summary>
internal sealed class ProbeSession : IDisposable
{
    private readonly IEngineSession _session;
    private readonly ImmutableArray<TensorProto> _weights;
    private TensorValue[] _fedWeights = [];

    private ProbeSession(IEngineSession session, ImmutableArray<TensorProto> weights) => (_session, _weights) = (session, weights);

    /// <summary>Makes a session.</summary>
    /// <param name="model">The model, which is changed.</param>
    /// <param name="folder">Where its external data lies.</param>
    /// <param name="execution">How the model is run; nothing is done to its graph, unless it can be loaded only so.</param>
    /// <exception cref="EngineException">The engine refuses the model.</exception>
    public static ProbeSession Create(ModelProto model, string? folder, ExecutionOptions execution)
    {
        try
        {
            return Create(model, folder, execution, GraphOptimization.None);
        }
        catch (EngineException) when (execution.Optimization != GraphOptimization.None)
        {
            // A node without a kernel may be folded away.
            return Create(model, folder, execution, execution.Optimization);
        }
    }

    private static ProbeSession Create(ModelProto model, string? folder, ExecutionOptions execution, GraphOptimization optimization)
    {
        var options = execution.ForProbing(optimization);
        var session = new ProbeModel(model, willRun: true).Use(bytes => options.Engine.Load(bytes, options, folder), out var weights);
        return new(session, weights);
    }

    /// <summary>Runs once.</summary>
    /// <param name="inputs">One tensor for each input of the model, in order; the caller keeps ownership.</param>
    /// <param name="outputs">Room for one tensor for each output, which the caller owns.</param>
    /// <param name="cancellationToken">Stops the run at the next node.</param>
    /// <exception cref="EngineException">The run failed.</exception>
    /// <exception cref="InvalidTensorException">A weight is damaged.</exception>
    public void Run(IEnumerable<TensorValue> inputs, Span<TensorValue> outputs, CancellationToken cancellationToken)
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
}
