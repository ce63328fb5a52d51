using Microsoft.Extensions.Logging;
using Orleans.Storage;
using SplitInfer.Policies.Quality;

namespace SplitInfer.Fleet.Prices;

/// <summary>The nodes of a region as a grain, which is in one silo at a time and starts in another where that is lost.</summary>
internal sealed partial class PriceGrain(
    [PersistentState("nodes", PriceGrain.Storage)] IPersistentState<RegionState> kept, QualityCoordinatorOptions options, TimeProvider clock, ILogger<PriceGrain> logger) : Grain, IPriceGrain
{
    /// <summary>The name of the storage that keeps regions.</summary>
    public const string Storage = "splitinfer";

    // Nodes that join together, as after a restart, are written together.
    private static readonly TimeSpan WriteInterval = TimeSpan.FromSeconds(1);

    private readonly PricedNodes _nodes = new(options, clock);
    private bool _isWriting;

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _nodes.Restore(kept.State);
        // Prices do not wait for the storage.
        this.RegisterGrainTimer(WriteAsync, new() { DueTime = WriteInterval, Period = WriteInterval, Interleave = true });
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => WriteAsync(cancellationToken);

    /// <inheritdoc/>
    public ValueTask<JoinReply> JoinAsync(string node, CurveMessage[] curves)
    {
        var (before, reply) = (_nodes.Count, _nodes.Join(node, curves));
        // One that joins again, or that has more models, is no news.
        if (reply.Refusal is null && _nodes.Count > before) LogJoined(node, this.GetPrimaryKeyString(), _nodes.Count);
        return ValueTask.FromResult(reply);
    }

    /// <inheritdoc/>
    public ValueTask<PriceReply> ReportAsync(byte[] report) => ValueTask.FromResult(_nodes.Price(report));

    private async Task WriteAsync(CancellationToken cancellationToken)
    {
        if (_isWriting || !_nodes.IsChanged) return;
        _isWriting = true;
        try
        {
            kept.State = _nodes.Snapshot();
            await kept.WriteStateAsync(cancellationToken);
        }
        catch (InconsistentStateException)
        {
            // Another silo has the region as well: this one reads what that wrote, if it is still asked.
            DeactivateOnIdle();
        }
        catch (Exception error) when (error is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            _nodes.KeepAgain();
            LogNotWritten(error.Message);
        }
        finally
        {
            _isWriting = false;
        }
    }

    [LoggerMessage(75, LogLevel.Information, "Server {Node} has joined; region {Region} has {Count} now", EventName = "ServerJoined")]
    private partial void LogJoined(string node, string region, int count);

    [LoggerMessage(76, LogLevel.Warning, "The nodes of a region could not be written and are written again in a second; where this silo is lost meanwhile, they join again. {Reason}", EventName = "NodesNotWritten")]
    private partial void LogNotWritten(string reason);
}
