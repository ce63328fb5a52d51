using SplitInfer.Protocol;
using SplitInfer.Server.Models;

namespace SplitInfer.Server.Connections;

/// <summary>One version of a model as a connection opened it. What is published or retired meanwhile never changes it. Thread-safe.</summary>
/// <param name="lease">Keeps the version; the handle table disposes it, and requests under way have leases of their own.</param>
/// <param name="claim">What the client has opened it by.</param>
internal sealed class OpenedModel(ModelLease lease, ModelClaim claim)
{
    private int _isGoingAway;
    private volatile bool _isAnnounced;

    /// <summary>Keeps the version.</summary>
    public ModelLease Lease => lease;

    /// <summary>How its boundaries are laid out.</summary>
    public PlanLayouts Layouts { get; } = new(lease.Model.Plan);

    /// <summary>Whether the client has been told to open the model anew.</summary>
    public bool IsGoingAway => Volatile.Read(ref _isGoingAway) != 0;

    /// <summary>The client knows of the handle. What it is told of it earlier would be of a handle that it does not have.</summary>
    public void MarkAnnounced() => _isAnnounced = true;

    /// <summary>Whether the client has to be told now that the model was replaced. True once.</summary>
    public bool TryGoAway(IModelRegistry models) =>
        _isAnnounced && models.IsReplaced(claim, lease.Model) && Interlocked.Exchange(ref _isGoingAway, 1) == 0;
}
