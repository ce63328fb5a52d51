using Microsoft.Extensions.Logging.Abstractions;
using SplitInfer.Execution;
using SplitInfer.Partitioning;
using SplitInfer.Server;
using SplitInfer.Server.Hosting;
using SplitInfer.Server.Models;

namespace SplitInfer.Cli.Verification;

/// <summary>A server of one model on the loopback interface of this machine, so that a boundary takes the same way as between two machines.</summary>
internal sealed class LoopbackServer : ITailService, IAsyncDisposable
{
    private static readonly Uri AnyPort = new("tcp://127.0.0.1:0");

    private readonly ServedModel _model;
    private readonly TailServer _server;

    private LoopbackServer(PartitionedModel model, ExecutionOptions execution)
    {
        // A tail is needed once, so none is kept.
        _model = new("model", "1", model, new SegmentCache(new SegmentCompiler(model, execution), budgetBytes: 0));
        _server = new TailServer(this, new ServerLimits(), TimeProvider.System, NullLogger.Instance);
    }

    /// <summary>Where the server listens.</summary>
    public Uri Endpoint => _server.Endpoints[0];

    public static async ValueTask<LoopbackServer> StartAsync(PartitionedModel model, ExecutionOptions execution, CancellationToken cancellationToken)
    {
        var server = new LoopbackServer(model, execution);
        await server._server.StartAsync([AnyPort], cancellationToken);
        return server;
    }

    public ITailModel Open(string name, string version, Fingerprint model, Fingerprint plan) => _model;

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _model.Dispose();
    }
}
