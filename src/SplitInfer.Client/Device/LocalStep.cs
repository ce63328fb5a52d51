using System.Collections.Immutable;
using SplitInfer.Partitioning;
using SplitInfer.Segments;
using SplitInfer.Tensors;

namespace SplitInfer.Client.Device;

/// <summary>The way from one cut to a later one on the device: what crosses the one becomes what crosses the other. Safe for concurrent use.</summary>
internal sealed class LocalStep
{
    private readonly SegmentSet _segments;
    private readonly BackgroundWork _background;
    private readonly SegmentKey _key;
    private readonly LocalCut _to;
    private readonly ImmutableArray<string> _held, _next;
    private Route? _route;
    private double _seconds;
    private int _isLoading;

    /// <param name="segments">The segments of the model.</param>
    /// <param name="background">Owns loading.</param>
    /// <param name="plan">All partitions.</param>
    /// <param name="from">Where it begins.</param>
    /// <param name="to">Where it ends.</param>
    public LocalStep(SegmentSet segments, BackgroundWork background, PartitionPlan plan, LocalCut from, LocalCut to)
    {
        (_segments, _background, _to) = (segments, background, to);
        // Where nothing has run yet, the head of the later cut is the way there.
        _key = from.Route.HasHead ? SegmentKey.Between(from.Partition.Index, to.Partition.Index) : new(SegmentSide.Head, to.Partition.Index);
        _held = from.Route.HasHead ? [.. from.Partition.Boundary.Select(static value => value.Name)] : [.. plan.Inputs.Select(static input => input.Name)];
        _next = [.. to.Partition.Boundary.Select(static value => value.Name)];
    }

    /// <summary>Whether it can run without being loaded first.</summary>
    public bool IsReady => _segments.IsLoaded(_key);

    /// <summary>Loads it beside requests. Once: what has to make room for others again and again is not worth loading.</summary>
    public void LoadSoon()
    {
        if (Interlocked.Exchange(ref _isLoading, 1) == 0) _background.Start(stop => _segments.LoadQuietlyAsync(_key, stop));
    }

    /// <summary>How long it last took, or for how long it ran before it was stopped, s; 0 before the first time.</summary>
    public double Seconds => Volatile.Read(ref _seconds);

    /// <summary>When it is tried though it is expected to be too late.</summary>
    public SecondTry SecondTry { get; } = new();

    /// <summary>Runs it once.</summary>
    /// <param name="held">What crosses the earlier cut; where nothing has run yet, the model's inputs. Shared until the run ends.</param>
    /// <param name="timer">A timer of this run's own.</param>
    /// <param name="cancellationToken">Stops it at the next node of the graph.</param>
    /// <returns>What crosses the later cut, which the caller owns.</returns>
    public async ValueTask<TensorValue[]> RunAsync(ReadOnlyMemory<TensorValue> held, StageTimer timer, CancellationToken cancellationToken)
    {
        // The caller may have its result from elsewhere, and dispose its inputs, while this run has yet to stop.
        TensorValue[] shared = [.. held.ToArray().Select(static tensor => tensor.Share())];
        TensorValue[] made = [];
        var isRunning = false;
        try
        {
            using var segment = await _segments.RentAsync(_key, cancellationToken).ConfigureAwait(false);
            var route = _route ??= Route.Of(segment.Runner, _held, _next);
            var outputs = new TensorValue[segment.Runner.Outputs.Count];
            timer.Restart();
            isRunning = true;
            await segment.Runner.RunAsync(route.Given.Select(place => shared[place]).ToArray(), outputs, cancellationToken).ConfigureAwait(false);
            Volatile.Write(ref _seconds, timer.Restart().TotalSeconds);
            SecondTry.Succeed();
            made = outputs;
            return [.. route.Left.Select(source => (source.IsMade ? made : shared)[source.Index].Share())];
        }
        catch (OperationCanceledException) when (isRunning)
        {
            // It takes longer than that. Whoever has no more time next time need not try again.
            if (timer.Restart().TotalSeconds is var ran && ran > Seconds) Volatile.Write(ref _seconds, ran);
            throw;
        }
        finally
        {
            foreach (var tensor in shared) tensor.Dispose();
            foreach (var tensor in made) tensor.Dispose();
        }
    }

    /// <summary>Where it ends.</summary>
    public LocalCut To => _to;

    /// <summary>How values flow: by input of the segment its place among what is held, and by value of the later cut where it is from.</summary>
    private sealed record Route(ImmutableArray<int> Given, ImmutableArray<(bool IsMade, int Index)> Left)
    {
        public static Route Of(Execution.ISegmentRunner runner, ImmutableArray<string> held, ImmutableArray<string> next)
        {
            string[] made = [.. runner.Outputs.Select(static output => output.Name)];
            return new([.. runner.Inputs.Select(input => held.IndexOf(input.Name))], [.. next.Select(name => Array.IndexOf(made, name) is >= 0 and var index ? (true, index) : (false, held.IndexOf(name)))]);
        }
    }
}
