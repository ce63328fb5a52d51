using SplitInfer.Client;
using SplitInfer.Execution;
using SplitInfer.Partitioning;
using SplitInfer.Policies;
using SplitInfer.Server;
using SplitInfer.Tailoring.Verification;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Commands.Verify;

/// <summary>A client and a server of one model, the tail behind the wire. Each loads one segment at a time, so several cuts at once take several lanes.</summary>
internal sealed class Lane : ICutRunner
{
    private readonly SplitInferServer _server;
    private readonly SplitInferenceClient _client;

    private Lane(SplitInferServer server, SplitInferenceClient client) => (_server, _client) = (server, client);

    public static async ValueTask<Lane> OpenAsync(PartitionedModel model, ExecutionOptions execution, CancellationToken cancellationToken)
    {
        // A segment runs once, on inputs that suit it, so that it need not be warm.
        execution = execution.WithoutWarmUp();
        // A tail is needed once, so none is kept.
        var served = new SplitInferServerOptions { Models = { new("model", "1", model) }, Listen = { new Uri("tcp://127.0.0.1:0") }, Execution = execution, SegmentMemoryBytes = 0 };
        var server = await SplitInferServer.StartAsync(served, cancellationToken: cancellationToken);
        try
        {
            // A head is needed once, so none is kept. The device must not hide that a tail is broken.
            var options = new SplitInferenceOptions { Server = server.Endpoints[0], OnServerFailure = OnServerFailure.Throw, Policy = PolicyNames.AllOnDevice, Execution = execution, SegmentMemoryBytes = 1 };
            return new(server, await SplitInferenceClient.CreateAsync(options, model, cancellationToken));
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public async ValueTask<CutOutputs> RunAsync(Partition partition, ReadOnlyMemory<TensorValue> inputs, CancellationToken cancellationToken)
    {
        var result = await _client.InferAsync(inputs, new InferenceRequest { Partition = partition.Index, SendsWhatIsNotFinite = true }, cancellationToken);
        return new(result.Outputs, result.DeviceOutputs, result);
    }

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        await _server.DisposeAsync();
    }
}
