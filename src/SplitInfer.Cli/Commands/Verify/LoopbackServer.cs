using Microsoft.Extensions.Logging.Abstractions;
using SplitInfer.Codecs;
using SplitInfer.Execution;
using SplitInfer.Partitioning;
using SplitInfer.Segments;
using SplitInfer.Server;
using SplitInfer.Server.Connections;
using SplitInfer.Server.Models;

namespace SplitInfer.Cli.Commands.Verify;

/// <summary>A server of one model on the loopback interface of this machine, so that a boundary takes the same way as between two machines.</summary>
internal sealed class LoopbackServer : IModelRegistry, IAsyncDisposable
{
    private readonly ServedModel _model;
    private readonly FrameServer _server;

    /// <summary>Starts to listen.</summary>
    public LoopbackServer(PartitionedModel model, ExecutionOptions execution)
    {
        // A tail is needed once, so none is kept.
        _model = new("model", "1", model.Plan, new SegmentResidency(0).Open(new SegmentCompiler(model, execution)));
        _server = ServerComposition.CreateFrameServer(this, CodecRegistry.Default, new ServerLimits(), TimeProvider.System, NullLogger.Instance);
        Address = _server.Start([new Uri("tcp://127.0.0.1:0")])[0];
    }

    /// <summary>Where the server listens.</summary>
    public Uri Address { get; }

    public ModelLease Open(in ModelClaim claim) => new(_model);

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _model.Dispose();
    }
}
