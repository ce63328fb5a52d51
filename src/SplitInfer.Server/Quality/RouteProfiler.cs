using SplitInfer.Execution;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Server.Quality;

/// <summary>Finds what the legs of a route take: by running it on a made-up boundary, or where that cannot be, by its share of the computation. What requests take corrects it.</summary>
/// <param name="model">The model.</param>
/// <param name="time">The clock.</param>
internal sealed class RouteProfiler(PartitionedModel model, TimeProvider time)
{
    private const int Runs = 3;

    // Of a processor that nothing is known of, multiply-accumulates and nodes in a second.
    private const double MacsPerSecond = 1e10, NodesPerSecond = 1e6;

    // For all runs. A model may run for ever.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>The seconds of each leg.</summary>
    /// <param name="run">Has the segments of the route rented.</param>
    /// <param name="route">The route.</param>
    /// <param name="from">The partition that it begins with.</param>
    /// <param name="cuts">The partitions at which its legs end; that of the last is the end of the model.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<double[]> MeasureAsync(ExitRun run, ExitRoute route, int from, IReadOnlyList<int> cuts, CancellationToken cancellationToken)
    {
        if (model.NoSyntheticRunReason is not null) return Estimate(from, cuts);
        var segment = model.Tail(from);
        var boundary = model.MakeInputs(segment, seed: 0);
        using var timeout = new CancellationTokenSource(Patience, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            return boundary.Length == segment.Inputs.Length ? await MeasureAsync(run, route, boundary, stop.Token).ConfigureAwait(false) : Estimate(from, cuts);
        }
        catch (Exception error) when (error is EngineException or TensorMismatchException || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return Estimate(from, cuts);
        }
        finally
        {
            foreach (var tensor in boundary) tensor.Dispose();
        }
    }

    private async Task<double[]> MeasureAsync(ExitRun run, ExitRoute route, TensorValue[] boundary, CancellationToken cancellationToken)
    {
        var seconds = new double[route.Legs.Length][];
        for (var leg = 0; leg < seconds.Length; leg++) seconds[leg] = new double[Runs];
        for (var i = -1; i < Runs; i++)
        {
            run.Walk.Begin(route, boundary);
            try
            {
                for (var leg = 0; leg < seconds.Length; leg++)
                {
                    var began = time.GetTimestamp();
                    await run.Walk.StepAsync(leg, run.SegmentOf(route, leg), cancellationToken).ConfigureAwait(false);
                    run.Walk.TryEvaluate(leg, out _);
                    // The first run does what no later one does.
                    if (i >= 0) seconds[leg][i] = time.GetElapsedTime(began).TotalSeconds;
                }
            }
            finally
            {
                run.Walk.End();
            }
        }

        foreach (var leg in seconds) Array.Sort(leg);
        return [.. seconds.Select(static leg => leg[Runs / 2])];
    }

    private double[] Estimate(int from, IReadOnlyList<int> cuts)
    {
        var partitions = model.Plan.Partitions;
        return [.. cuts.Select((cut, leg) => Seconds(partitions[cut].Head) - Seconds(partitions[leg == 0 ? from : cuts[leg - 1]].Head))];

        static double Seconds(SegmentCost cost) => (cost.Macs / MacsPerSecond) + (cost.Nodes / NodesPerSecond);
    }
}
