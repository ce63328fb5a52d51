using SplitInfer.Client;
using SplitInfer.Policies;
using SplitInfer.Execution;
using SplitInfer.Partitioning;

namespace SplitInfer.Cli.Verification;

/// <summary>A client and a server of one model. Each loads one segment at a time, so several cuts at once take several lanes.</summary>
internal sealed class Lane : IAsyncDisposable
{
    private readonly LoopbackServer _server;

    private Lane(LoopbackServer server, SplitInferenceClient client) => (_server, Client) = (server, client);

    public SplitInferenceClient Client { get; }

    public static async ValueTask<Lane> OpenAsync(PartitionedModel model, ExecutionOptions execution, CancellationToken cancellationToken)
    {
        var server = new LoopbackServer(model, execution);
        try
        {
            // A head is needed once, so none is kept.
            var options = new SplitInferenceOptions { Server = server.Address, Policy = PolicyNames.AllOnDevice, Execution = execution, SegmentMemoryBytes = 0 };
            return new(server, await ClientComposition.CreateAsync(options, model, cancellationToken));
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await _server.DisposeAsync();
    }
}
