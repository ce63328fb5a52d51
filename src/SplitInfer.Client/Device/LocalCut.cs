using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using SplitInfer.Partitioning;
using SplitInfer.Segments;
using SplitInfer.Tensors;

namespace SplitInfer.Client.Device;

/// <summary>
/// One partition on the device: its head, its boundary, and its tail. The tail runs as itself where it is loaded, else within the whole
/// model, since loading takes longer than running; then the tail is loaded for the next time. Safe for concurrent use.
/// </summary>
internal sealed class LocalCut
{
    private readonly SegmentSet _segments;
    private readonly BackgroundWork _background;
    private readonly SegmentKey _head;
    private readonly SegmentKey _tail;
    private readonly SegmentKey _whole;
    private readonly Routing _wholeRoute;
    private readonly ImmutableArray<ValueSource> _tailOutputs;
    private double _tailSeconds;
    private int _isLoading;

    public LocalCut(SegmentSet segments, BackgroundWork background, PartitionPlan plan, Partition partition, Routing route, Routing wholeRoute)
    {
        (_segments, _background, Partition, Route, _wholeRoute) = (segments, background, partition, route, wholeRoute);
        (_head, _tail, _whole) = (new(SegmentSide.Head, partition.Index), new(SegmentSide.Tail, partition.Index), new(SegmentSide.Head, plan.AllOnDevice.Index));
        Layout = BoundaryLayout.For(partition.Boundary);
        var names = plan.Outputs.Select(static o => o.Name).ToList();
        _tailOutputs = [.. partition.TailOutputs.Select(tail => wholeRoute.Outputs[names.IndexOf(tail.Name)])];
    }

    /// <summary>Where the model is cut.</summary>
    public Partition Partition { get; }

    /// <summary>How values flow through head, boundary and tail.</summary>
    public Routing Route { get; }

    /// <summary>How the boundary is laid out.</summary>
    public BoundaryLayout Layout { get; }

    /// <summary>When <see cref="RunTailAsync"/> is tried though it is expected to be too late.</summary>
    public SecondTry SecondTry { get; } = new();

    /// <summary>Runs the head once. Loading it is not part of its time.</summary>
    /// <param name="inputs">The model's inputs, which must not change until the run ends.</param>
    /// <param name="timer">A timer of the caller's.</param>
    /// <param name="cancellationToken">Stops it at the next node of the graph.</param>
    /// <returns>The head's outputs, which the caller owns, and its time; none where the partition has no head.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<(TensorValue[] Outputs, TimeSpan Time)> RunHeadAsync(ReadOnlyMemory<TensorValue> inputs, StageTimer timer, CancellationToken cancellationToken)
    {
        if (!Route.HasHead) return ([], TimeSpan.Zero);
        using var head = await _segments.RentAsync(_head, cancellationToken).ConfigureAwait(false);
        var (headInputs, outputs) = (new TensorValue[Route.HeadInputs.Length], new TensorValue[head.Runner.Outputs.Count]);
        for (var i = 0; i < headInputs.Length; i++) headInputs[i] = inputs.Span[Route.HeadInputs[i]];
        timer.Restart();
        await head.Runner.RunAsync(headInputs, outputs, cancellationToken).ConfigureAwait(false);
        return (outputs, timer.Restart());
    }

    /// <summary>Runs the tail, or the whole model in its place. Loading is not part of its time.</summary>
    /// <param name="boundary">What crosses the cut; must live until the run ends.</param>
    /// <param name="inputs">The model's inputs, which are shared until the run ends.</param>
    /// <param name="timer">A timer of this run's own.</param>
    /// <param name="cancellationToken">Stops it at the next node of the graph.</param>
    /// <returns>The tail's outputs, which the caller owns.</returns>
    public async ValueTask<TailOutputs> RunTailAsync(TensorValue[] boundary, ReadOnlyMemory<TensorValue> inputs, StageTimer timer, CancellationToken cancellationToken)
    {
        if (_tailOutputs.IsEmpty) return default;
        if (!Route.HasHead) return await RunWholeAsync(inputs, timer, cancellationToken).ConfigureAwait(false);
        if (!_segments.IsLoaded(_tail))
        {
            try
            {
                return await RunWholeAsync(inputs, timer, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                // Also where the server won, which cancels this run. Once: what has to make room for others again and again is not worth loading.
                if (Interlocked.Exchange(ref _isLoading, 1) == 0) _background.Start(stop => _segments.LoadQuietlyAsync(_tail, stop));
            }
        }

        using var tail = await _segments.RentAsync(_tail, cancellationToken).ConfigureAwait(false);
        var outputs = new TensorValue[tail.Runner.Outputs.Count];
        timer.Restart();
        await tail.Runner.RunAsync(boundary, outputs, cancellationToken).ConfigureAwait(false);
        var time = timer.Restart();
        Volatile.Write(ref _tailSeconds, time.TotalSeconds);
        return new(outputs, time);
    }

    /// <summary>Runs the tail itself once, loading it first where it is not. The caller owns its outputs.</summary>
    public async ValueTask<TensorValue[]> RunTailItselfAsync(TensorValue[] boundary, CancellationToken cancellationToken)
    {
        using var tail = await _segments.RentAsync(_tail, cancellationToken).ConfigureAwait(false);
        var outputs = new TensorValue[tail.Runner.Outputs.Count];
        await tail.Runner.RunAsync(boundary, outputs, cancellationToken).ConfigureAwait(false);
        return outputs;
    }

    /// <summary>Runs the whole model once, whatever crosses the cut. Arguments and result are those of <see cref="RunTailAsync"/>.</summary>
    public async ValueTask<TailOutputs> RunWholeAsync(ReadOnlyMemory<TensorValue> inputs, StageTimer timer, CancellationToken cancellationToken)
    {
        // The caller may have its result from the server, and dispose its inputs, while this run has yet to stop.
        var shared = new TensorValue[_wholeRoute.HeadInputs.Length];
        for (var i = 0; i < shared.Length; i++) shared[i] = inputs.Span[_wholeRoute.HeadInputs[i]].Share();
        TensorValue[] outputs = [];
        try
        {
            using var whole = await _segments.RentAsync(_whole, cancellationToken).ConfigureAwait(false);
            var made = new TensorValue[whole.Runner.Outputs.Count];
            timer.Restart();
            await whole.Runner.RunAsync(shared, made, cancellationToken).ConfigureAwait(false);
            var time = timer.Restart();
            outputs = made;
            return new([.. _tailOutputs.Select(source => outputs[source.Index].Share())], time, IsWhole: true);
        }
        finally
        {
            foreach (var tensor in shared) tensor.Dispose();
            foreach (var tensor in outputs) tensor.Dispose();
        }
    }

    /// <summary>Whether <see cref="RunTailAsync"/> runs what is loaded.</summary>
    public bool IsTailReady => _tailOutputs.IsEmpty || _segments.IsLoaded(_whole) || (Route.HasHead && _segments.IsLoaded(_tail));

    /// <summary>How long <see cref="RunTailAsync"/> is expected to take, s; 0 where nothing tells.</summary>
    /// <param name="headSeconds">How long the head has just taken; 0 where there is none.</param>
    /// <param name="wholeSeconds">How long the whole model takes as last known; 0 where it is not known.</param>
    public double EstimateTailSeconds(double headSeconds, double wholeSeconds)
    {
        var isTailLoaded = Route.HasHead && _segments.IsLoaded(_tail);
        if (isTailLoaded && Volatile.Read(ref _tailSeconds) is > 0 and var measured) return measured;
        var (head, tail) = ((double)Partition.Head.Macs, (double)Partition.Tail.Macs);
        if (wholeSeconds <= 0 && headSeconds > 0 && head > 0) wholeSeconds = headSeconds * (head + tail) / head;
        return isTailLoaded && head + tail > 0 ? wholeSeconds * tail / (head + tail) : wholeSeconds;
    }
}
