using System.Collections.Immutable;
using SplitInfer.Models;
using SplitInfer.Partitioning;
using SplitInfer.Segments;
using SplitInfer.Server.Batching;
using SplitInfer.Server.Quality;
using SplitInfer.Tensors;

namespace SplitInfer.Server.Models;

/// <summary>One version of one model: its plan and its loaded tails, which it owns.</summary>
/// <param name="name">Its name.</param>
/// <param name="version">Its version.</param>
/// <param name="plan">Its plan.</param>
/// <param name="segments">Its tails.</param>
/// <param name="externalCopy">Its external data, where nobody else uses it; null otherwise.</param>
/// <param name="model">Makes inputs up; null where nothing does.</param>
internal sealed class ServedModel(string name, string version, PartitionPlan plan, SegmentSet segments, ExternalCopy? externalCopy = null, PartitionedModel? model = null) : IServedModel
{
    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public string Version => version;

    /// <inheritdoc/>
    public PartitionPlan Plan => plan;

    /// <inheritdoc/>
    public ImmutableArray<double> TailSeconds { get; set; } = [];

    /// <inheritdoc/>
    public ExitRoutes? Routes { get; set; }

    /// <inheritdoc/>
    public ModelBatches? Batches { get; init; }

    /// <summary>Its segments, of which its tails and routes are.</summary>
    public SegmentSet Segments => segments;

    /// <summary>Partitions whose tails are loaded at the moment.</summary>
    public IEnumerable<int> LoadedTails => segments.Loaded.Where(static key => key.Side == SegmentSide.Tail).Select(static key => key.Partition);

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, TensorValue> Defaults => model?.Defaults ?? ImmutableDictionary<string, TensorValue>.Empty;

    /// <inheritdoc/>
    public TensorValue[]? MakeInputs() => model is { NoSyntheticRunReason: null } && plan.Inputs.All(static input => input.IsRanked) ? [.. model.MakeInputs(seed: 0)] : null;

    /// <inheritdoc/>
    public ValueTask<SegmentLease> RentTailAsync(int partition, CancellationToken cancellationToken) => segments.RentAsync(new(SegmentSide.Tail, partition), cancellationToken);

    /// <summary>Loads the tails of all arms.</summary>
    /// <param name="failed">Told of those that cannot be loaded; the others are of use all the same.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask PreloadAsync(Action<SegmentLoadException> failed, CancellationToken cancellationToken)
    {
        foreach (var arm in plan.Arms.Where(a => a != plan.AllOnDevice))
        {
            try
            {
                await segments.PreloadAsync([new(SegmentSide.Tail, arm.Index)], cancellationToken).ConfigureAwait(false);
            }
            catch (SegmentLoadException error)
            {
                failed(error);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Routes?.Dispose();
        Batches?.Dispose();
        segments.Dispose();
        externalCopy?.Dispose();
    }
}
