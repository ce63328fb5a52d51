using System.Runtime.CompilerServices;
using SplitInfer.Partitioning;
using SplitInfer.Segments;
using SplitInfer.Tensors;

namespace SplitInfer.Server.Models;

/// <summary>One version of one model: its plan and its loaded tails. Connections borrow it.</summary>
internal sealed class ServedModel(string name, string version, PartitionedModel model, SegmentCache segments) : IServedModel, IDisposable
{
    /// <summary>The directory that the model lies in.</summary>
    public string Name => name;

    public string Version => version;

    public PartitionPlan Plan => model.Plan;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask RunAsync(int partition, ReadOnlyMemory<Tensor> boundary, Memory<Tensor> outputs, CancellationToken cancellationToken)
    {
        using var tail = await segments.RentAsync(new(SegmentSide.Tail, partition), cancellationToken).ConfigureAwait(false);
        await tail.Runner.RunAsync(boundary, outputs, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Loads the tails of all arms.</summary>
    /// <param name="failed">Told of those that cannot be loaded; the others are of use all the same.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask PreloadAsync(Action<SegmentLoadException> failed, CancellationToken cancellationToken)
    {
        foreach (var arm in Plan.Arms.Where(a => a != Plan.AllOnDevice))
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

    public void Dispose() => segments.Dispose();
}
