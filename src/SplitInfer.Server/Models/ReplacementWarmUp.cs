using SplitInfer.Partitioning;
using SplitInfer.Segments;
using SplitInfer.Tensors;

namespace SplitInfer.Server.Models;

/// <summary>
/// Loads for a model, before it is published, what its clients use of those that are served under its name, and runs it once on made-up inputs, so that no request waits for that when it takes their place.
/// </summary>
/// <param name="model">The model, which makes inputs up.</param>
/// <param name="served">What is to be published.</param>
/// <param name="failed">Told of tails that cannot be loaded or run; they are of no concern to the others.</param>
internal sealed class ReplacementWarmUp(PartitionedModel model, ServedModel served, Action<int, Exception> failed)
{
    /// <summary>Loads and runs what is in use.</summary>
    /// <param name="former">What is served under the name, at the moment; some of it may go meanwhile.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async ValueTask RunAsync(IEnumerable<ServedModel> former, CancellationToken cancellationToken)
    {
        var (tails, routes) = (new SortedSet<int>(), new SortedSet<int>());
        foreach (var one in former)
        {
            // Partitions of another plan mean something else, but for that which leaves everything to the server.
            var isAlike = one.Plan.Fingerprint == served.Plan.Fingerprint;
            tails.UnionWith(one.LoadedTails.Where(partition => isAlike || partition == served.Plan.AllOnServer.Index));
            if (isAlike) routes.UnionWith(one.Routes?.LoadedPartitions ?? []);
        }

        foreach (var partition in tails) await WarmAsync(partition, cancellationToken).ConfigureAwait(false);
        if (served.Routes is { } own)
            foreach (var partition in routes) await own.LoadAsync(partition, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask WarmAsync(int partition, CancellationToken cancellationToken)
    {
        try
        {
            using var tail = await served.RentTailAsync(partition, cancellationToken).ConfigureAwait(false);
            if (model.NoSyntheticRunReason is null) await RunAsync(tail, partition, cancellationToken).ConfigureAwait(false);
        }
        catch (SplitInferException error)
        {
            failed(partition, error);
        }
    }

    private async ValueTask RunAsync(SegmentLease tail, int partition, CancellationToken cancellationToken)
    {
        var segment = model.Tail(partition);
        var boundary = model.MakeInputs(segment, seed: 0);
        try
        {
            if (boundary.Length != segment.Inputs.Length) return;
            var outputs = new TensorValue[tail.Runner.Outputs.Count];
            await tail.Runner.RunAsync(boundary, outputs, cancellationToken).ConfigureAwait(false);
            foreach (var output in outputs) output.Dispose();
        }
        finally
        {
            foreach (var tensor in boundary) tensor.Dispose();
        }
    }
}
