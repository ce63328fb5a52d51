using SplitInfer.Partitioning;
using SplitInfer.Segments;
using SplitInfer.Server.Models;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Server.Tests.Models;

/// <summary>A model that only counts how often it is disposed.</summary>
/// <param name="name">Its name.</param>
/// <param name="version">Its version.</param>
/// <param name="fill">Every byte of its fingerprint.</param>
internal sealed class CountingModel(string name, string version, byte fill) : IServedModel
{
    private int _disposals;

    public string Name => name;

    public string Version => version;

    public PartitionPlan Plan { get; } = WirePlan.PlanOf(fill, fill);

    public int Disposals => Volatile.Read(ref _disposals);

    /// <summary>What a client says that has the same model.</summary>
    public ModelClaim Claim => new(name, "", Plan.Model, Plan.Fingerprint, default);

    public ValueTask<SegmentLease> RentTailAsync(int partition, CancellationToken cancellationToken) => default;

    public void Dispose() => Interlocked.Increment(ref _disposals);
}
