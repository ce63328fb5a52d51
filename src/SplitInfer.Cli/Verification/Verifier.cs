using SplitInfer.Client;
using SplitInfer.Client.Policies;
using SplitInfer.Client.Policies.Fixed;
using SplitInfer.Client.Transport;
using SplitInfer.Codecs;
using SplitInfer.Execution;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Verification;

/// <summary>Runs partitions of a model, head here and tail behind the wire, and compares their outputs with those of the whole.</summary>
internal sealed class Verifier : IAsyncDisposable
{
    private readonly VerificationCase _case;
    private readonly Tensor[] _whole;
    private readonly LoopbackServer _server;
    private readonly SplitInferenceClient _client;

    private Verifier(VerificationCase @case, Tensor[] whole, LoopbackServer server, ExecutionOptions execution)
    {
        (_case, _whole, _server) = (@case, whole, server);
        var codec = CodecRegistry.Default.Lossless;
        var segments = new SegmentCache(new SegmentCompiler(@case.Model, execution), budgetBytes: 0);
        var model = new ClientModel(@case.Model, segments, codec);
        var policy = new FixedPolicy(PolicyNames.AllOnDevice, new Arm(model.Plan.AllOnDevice, codec.Name));
        var transport = new RemoteTailTransport(server.Endpoint, "", "", model.Plan, CodecRegistry.Default, new TransportOptions(), TimeProvider.System);
        _client = new SplitInferenceClient(new SplitInferenceOptions(), model, policy, transport);
    }

    /// <summary>Runs the whole model and starts a server for its tails.</summary>
    /// <exception cref="SplitInferException">The whole model does not run.</exception>
    public static async ValueTask<Verifier> StartAsync(VerificationCase @case, ExecutionOptions execution, CancellationToken cancellationToken)
    {
        var whole = WholeModel.Run(@case, execution, cancellationToken);
        return new(@case, whole, await LoopbackServer.StartAsync(@case.Model, execution, cancellationToken), execution);
    }

    /// <summary>Runs one admissible partition.</summary>
    public async ValueTask<Verdict> VerifyAsync(Partition partition, double tolerance, CancellationToken cancellationToken)
    {
        try
        {
            using var result = await _client.InferAsync(_case.Inputs, new InferenceRequest { Partition = partition.Index }, cancellationToken);
            var difference = TensorDifference.None;
            for (var i = 0; i < _whole.Length; i++) difference = difference.Or(Compare(i, result.Outputs[i]));
            return new(partition, difference, difference.IsWithin(tolerance), null);
        }
        catch (SplitInferException error)
        {
            return new(partition, TensorDifference.Infinite, IsOk: false, error.Message);
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
        return _case.KnownOutputs.TryGetValue(_case.Model.Plan.Outputs[output].Name, out var known)
            ? difference.Or(TensorDifference.Between(known, actual) with { IsBitExact = true })
            : difference;
    }
}
