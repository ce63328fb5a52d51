using System.Collections.Immutable;
using SplitInfer.Partitioning;
using SplitInfer.Segments;
using SplitInfer.Tensors;

namespace SplitInfer.Server.Models;

/// <summary>Measures the tails of the arms of one model, each on a made-up boundary, before the model is served and while nothing else runs.</summary>
/// <param name="model">The model, which makes the boundaries up.</param>
/// <param name="served">Lends its tails.</param>
/// <param name="time">The clock.</param>
internal sealed class TailProfiler(PartitionedModel model, IServedModel served, TimeProvider time)
{
    private const int Runs = 3;

    /// <summary>No tail but the first is loaded or measured later than this.</summary>
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(10);

    // Beyond the budget, for the run that is under way: a model may run for ever.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Measures as many tails as the budget allows, those at the ends of the plan first.</summary>
    /// <param name="warn">Told why no tail could be measured, if so.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Seconds that the tail of each partition takes, 0 where it was not measured; empty where none was.</returns>
    public async ValueTask<ImmutableArray<double>> MeasureAsync(Action<string> warn, CancellationToken cancellationToken)
    {
        if (model.NoSyntheticRunReason is { } refusal)
        {
            warn(refusal);
            return [];
        }

        var start = time.GetTimestamp();
        var arms = model.Plan.Arms.Where(arm => arm != model.Plan.AllOnDevice).ToList();
        var seconds = new double[model.Plan.Partitions.Length];
        string? failure = null;
        using var timeout = new CancellationTokenSource(Budget + Patience, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            // From the other end: the first to be measured is the whole model, which tells most.
            foreach (var arm in MeasuringOrder.CoarseFirst(arms.Count).Select(place => arms[^(place + 1)]))
            {
                if (seconds.Any(static s => s > 0) && time.GetElapsedTime(start) >= Budget) break;
                try
                {
                    seconds[arm.Index] = await MeasureAsync(arm.Index, stop.Token).ConfigureAwait(false);
                }
                catch (SplitInferException error)
                {
                    // A tail that does not load or run is told of when a request needs it.
                    failure ??= error.Message;
                }
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            failure ??= $"a tail ran for more than {(Budget + Patience).TotalSeconds:0} s";
        }

        if (seconds.Any(static s => s > 0)) return [.. seconds];
        warn(failure ?? "no tail takes values of which the sizes are known");
        return [];
    }

    /// <summary>The median of a few runs of one tail, s; 0 where the sizes of its boundary are not known.</summary>
    private async ValueTask<double> MeasureAsync(int partition, CancellationToken cancellationToken)
    {
        var segment = model.Tail(partition);
        var boundary = model.MakeInputs(segment, seed: 0);
        try
        {
            if (boundary.Length != segment.Inputs.Length) return 0;
            using var tail = await served.RentTailAsync(partition, cancellationToken).ConfigureAwait(false);
            var seconds = new double[Runs];
            for (var run = 0; run < Runs; run++) seconds[run] = await RunAsync(tail, boundary, cancellationToken).ConfigureAwait(false);
            Array.Sort(seconds);
            return seconds[Runs / 2];
        }
        finally
        {
            foreach (var tensor in boundary) tensor.Dispose();
        }
    }

    private async ValueTask<double> RunAsync(SegmentLease tail, TensorValue[] boundary, CancellationToken cancellationToken)
    {
        var outputs = new TensorValue[tail.Runner.Outputs.Count];
        var start = time.GetTimestamp();
        await tail.Runner.RunAsync(boundary, outputs, cancellationToken).ConfigureAwait(false);
        var elapsed = time.GetElapsedTime(start);
        foreach (var output in outputs) output.Dispose();
        return elapsed.TotalSeconds;
    }
}
