using SplitInfer.Cli.Inputs;
using SplitInfer.Client;
using SplitInfer.Client.Policies;
using SplitInfer.Execution;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Verification;

/// <summary>Runs partitions of a model, head here and tail behind the wire, and compares their outputs with those of the whole.</summary>
internal sealed class Verifier : IAsyncDisposable
{
    private readonly ModelWithInputs _model;
    private readonly IReadOnlyDictionary<string, Tensor> _known;
    private readonly Tensor[] _whole;
    private readonly LoopbackServer _server;
    private readonly SplitInferenceClient _client;

    private Verifier(ModelWithInputs model, IReadOnlyDictionary<string, Tensor> known, Tensor[] whole, LoopbackServer server, SplitInferenceClient client) =>
        (_model, _known, _whole, _server, _client) = (model, known, whole, server, client);

    /// <summary>Runs the whole model and starts a server for its tails.</summary>
    /// <param name="model">The model; stays the caller's.</param>
    /// <param name="known">Outputs that are known beforehand, by name; they stay the caller's.</param>
    /// <param name="execution">How ONNX Runtime runs.</param>
    /// <param name="cancellationToken">Ends the run of the whole model.</param>
    /// <exception cref="SplitInferException">The whole model does not run.</exception>
    public static async ValueTask<Verifier> StartAsync(
        ModelWithInputs model, IReadOnlyDictionary<string, Tensor> known, ExecutionOptions execution, CancellationToken cancellationToken = default)
    {
        var whole = WholeModel.Run(model, execution, cancellationToken);
        var server = new LoopbackServer(model.Model, execution);
        // A head is needed once, so none is kept.
        var options = new SplitInferenceOptions { Server = server.Address, Policy = PolicyNames.AllOnDevice, Execution = execution, SegmentMemoryBytes = 0 };
        return new(model, known, whole, server, await ClientComposition.CreateAsync(options, model.Model, cancellationToken));
    }

    /// <summary>Runs one admissible partition.</summary>
    public async ValueTask<Verdict> VerifyAsync(Partition partition, Tolerance tolerance, CancellationToken cancellationToken)
    {
        var allowed = tolerance.Of(_model.Model.Plan, partition);
        try
        {
            using var result = await _client.InferAsync(_model.Inputs, new InferenceRequest { Partition = partition.Index }, cancellationToken);
            var difference = TensorDifference.None;
            for (var i = 0; i < _whole.Length; i++) difference = difference.Or(Compare(i, result.Outputs[i]));
            return new(partition, difference, allowed, null);
        }
        catch (SplitInferException error)
        {
            return new(partition, TensorDifference.Infinite, allowed, error.Message);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        await _server.DisposeAsync();
        foreach (var output in _whole) output.Dispose();
    }

    private TensorDifference Compare(int output, Tensor actual)
    {
        var difference = TensorDifference.Between(_whole[output], actual);
        return _known.TryGetValue(_model.Model.Plan.Outputs[output].Name, out var known)
            ? difference.Or(TensorDifference.Between(known, actual) with { IsBitExact = true })
            : difference;
    }
}
