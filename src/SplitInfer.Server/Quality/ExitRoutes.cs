using System.Collections.Concurrent;
using System.Collections.Immutable;
using SplitInfer.Exits;
using SplitInfer.Partitioning;
using SplitInfer.Segments;

namespace SplitInfer.Server.Quality;

/// <summary>
/// The routes through one model that has exits, one for each partition, each of which is loaded and measured when the first request comes for it, and again some time after that has failed. Thread-safe.
/// </summary>
/// <param name="model">The model.</param>
/// <param name="exits">Its exits, which are of its plan.</param>
/// <param name="segments">Lends its segments.</param>
/// <param name="node">The controller.</param>
/// <param name="time">The clock.</param>
/// <param name="failed">Told of a partition whose route cannot be had, and why; its requests are answered by the model alone.</param>
internal sealed class ExitRoutes(PartitionedModel model, ModelExits exits, SegmentSet segments, QualityNode node, TimeProvider time, Action<int, Exception> failed) : IDisposable
{
    private readonly CancellationTokenSource _stop = new();

    // Routes that were measured beside each other would measure each other, and take all processors from those who run.
    private readonly SemaphoreSlim _measuring = new(1);
    private readonly ConcurrentDictionary<int, RouteLoading> _routes = [];
    private readonly ImmutableArray<int> _useful = RouteLegs.Useful(exits);
    private readonly ExitOutput _output = ExitOutput.Of(model, exits);

    private TimeProvider Time => time;

    /// <summary>The exits of the file.</summary>
    public ModelExits Exits => exits;

    /// <summary>Whether exits can answer for a partition.</summary>
    public bool HasAt(int partition) => _useful.Length > 0 && exits.Exits[_useful[^1]].Partition >= partition;

    /// <summary>The route of a partition; null where there is none, or it is not there yet.</summary>
    public ExitRoute? Find(int partition) => _routes.TryGetValue(partition, out var loading) ? loading.Route : null;

    /// <summary>Partitions whose routes are loaded.</summary>
    public IEnumerable<int> LoadedPartitions => _routes.Where(static one => one.Value.Route is not null).Select(static one => one.Key);

    /// <summary>Loads and measures the route of a partition, once however many ask for it.</summary>
    /// <param name="partition">Index of a partition that has a tail.</param>
    /// <param name="cancellationToken">Ends the wait, not the loading.</param>
    /// <returns>The route; null where there is none, or it could not be had, in which case it is tried again by one of the calls that follow.</returns>
    public Task<ExitRoute?> LoadAsync(int partition, CancellationToken cancellationToken) => HasAt(partition)
        ? _routes.GetOrAdd(partition, static (from, self) => new(() => self.MakeAsync(from), self.Time), this).GetAsync().WaitAsync(cancellationToken)
        : Task.FromResult<ExitRoute?>(null);

    /// <summary>Rents what a run along a route takes.</summary>
    public ValueTask RentAsync(ExitRun run, CancellationToken cancellationToken) => run.RentAsync(segments, cancellationToken);

    /// <summary>
    /// Stops what is being loaded or measured, and waits for it: an engine that works while the process ends brings it down. Then the curves go, since no request is left. Before the segments are disposed; may be
    /// called twice.
    /// </summary>
    public void Dispose()
    {
        _stop.Cancel();
        foreach (var from in _routes.Keys)
            if (_routes.TryRemove(from, out var route) && route.EndAsync().GetAwaiter().GetResult() is { } made) node.Remove(made.Place.Curve);
    }

    private async Task<(ExitRoute? Route, bool IsFinal)> MakeAsync(int from)
    {
        int[] through = [.. _useful.Where(place => exits.Exits[place].Partition >= from).TakeLast(Policies.Quality.QualityCurve.MaxExits - 1)];
        var run = new ExitRun();
        try
        {
            var legs = RouteLegs.Of(model, exits, from, through);
            var boundary = model.Plan.Partitions[from].Boundary.Length;
            var unmeasured = ExitRoute.Of(legs, boundary, _output, RouteCurve.Of(exits, through, [.. legs.Select(static _ => 1.0)]), (node, -1));
            await run.RentAsync(unmeasured, segments, _stop.Token).ConfigureAwait(false);
            var curve = RouteCurve.Of(exits, through, await MeasureAsync(run, unmeasured, from, through).ConfigureAwait(false));
            if (node.Add(curve) is { } number) return (ExitRoute.Of(legs, boundary, _output, curve, (node, number)), true);
            failed(from, new InvalidOperationException($"The models with exits are asked for at {QualityNode.MaxCurves} partitions, as many as a server looks after. Serve fewer models with exits."));
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The model is unloaded.
        }
#pragma warning disable CA1031 // Whatever it is, the model itself still answers.
        catch (Exception error)
#pragma warning restore CA1031
        {
            failed(from, error);
            // The engine would refuse the same segment again.
            return (null, error is SegmentLoadException);
        }
        finally
        {
            run.Return();
        }

        return (null, false);
    }

    private async Task<double[]> MeasureAsync(ExitRun run, ExitRoute route, int from, int[] through)
    {
        await _measuring.WaitAsync(_stop.Token).ConfigureAwait(false);
        try
        {
            return await new RouteProfiler(model, time).MeasureAsync(run, route, from, [.. through.Select(place => exits.Exits[place].Partition), model.Plan.AllOnDevice.Index], _stop.Token).ConfigureAwait(false);
        }
        finally
        {
            _measuring.Release();
        }
    }
}
