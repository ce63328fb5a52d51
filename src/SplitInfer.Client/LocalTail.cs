using System.Collections.Immutable;
using SplitInfer.Partitioning;
using SplitInfer.Segments;
using SplitInfer.Tensors;

namespace SplitInfer.Client;

/// <summary>
/// Runs the tail of one partition on the device: the tail itself where it is loaded, else the whole model, since loading takes
/// longer than running; then the tail is loaded for the next time. Safe for concurrent use.
/// </summary>
internal sealed class LocalTail
{
    private readonly SegmentSet _segments;
    private readonly SegmentKey _tail;
    private readonly SegmentKey _whole;
    private readonly Routing _wholeRoute;
    private readonly bool _isWhole;
    private readonly ImmutableArray<ValueSource> _outputs;
    private int _isLoading;

    public LocalTail(SegmentSet segments, PartitionPlan plan, Partition partition, bool hasHead, Routing wholeRoute)
    {
        (_segments, _wholeRoute, _isWhole) = (segments, wholeRoute, !hasHead);
        (_tail, _whole) = (new(SegmentSide.Tail, partition.Index), new(SegmentSide.Head, plan.AllOnDevice.Index));
        _outputs = [.. partition.TailOutputs.Select(tail => wholeRoute.Outputs[plan.Outputs.Select(static o => o.Name).ToList().IndexOf(tail.Name)])];
    }

    /// <summary>Runs it once. Loading is not part of its time.</summary>
    /// <param name="boundary">What crosses the cut; must live until the run ends.</param>
    /// <param name="inputs">The model's inputs, which are held until the run ends.</param>
    /// <param name="clock">A clock of this run's own.</param>
    /// <param name="cancellationToken">Stops it at the next node of the graph.</param>
    /// <returns>The tail's outputs, which the caller owns.</returns>
    public async ValueTask<TailAnswer> RunAsync(Tensor[] boundary, ReadOnlyMemory<Tensor> inputs, StageClock clock, CancellationToken cancellationToken)
    {
        if (_outputs.IsEmpty) return default;
        if (_isWhole) return await RunWholeAsync(inputs, clock, cancellationToken).ConfigureAwait(false);
        if (!_segments.IsLoaded(_tail))
        {
            try
            {
                return await RunWholeAsync(inputs, clock, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                // Also where the server won, which ends the run.
                _ = LoadAsync();
            }
        }

        using var tail = await _segments.RentAsync(_tail, cancellationToken).ConfigureAwait(false);
        var outputs = new Tensor[tail.Runner.Outputs.Count];
        clock.Lap();
        await tail.Runner.RunAsync(boundary, outputs, cancellationToken).ConfigureAwait(false);
        return new(new(outputs, default), IsFromServer: false, clock.Lap());
    }

    /// <summary>Runs the tail itself once, loading it first where it is not. The caller owns its outputs.</summary>
    public async ValueTask<Tensor[]> RunTailAsync(Tensor[] boundary, CancellationToken cancellationToken)
    {
        using var tail = await _segments.RentAsync(_tail, cancellationToken).ConfigureAwait(false);
        var outputs = new Tensor[tail.Runner.Outputs.Count];
        await tail.Runner.RunAsync(boundary, outputs, cancellationToken).ConfigureAwait(false);
        return outputs;
    }

    /// <summary>Runs the whole model once, whatever crosses the cut. Arguments and result are those of <see cref="RunAsync"/>.</summary>
    public async ValueTask<TailAnswer> RunWholeAsync(ReadOnlyMemory<Tensor> inputs, StageClock clock, CancellationToken cancellationToken)
    {
        // The caller may have its result from the server, and dispose its inputs, while this run has yet to stop.
        var held = new Tensor[_wholeRoute.HeadInputs.Length];
        for (var i = 0; i < held.Length; i++) held[i] = inputs.Span[_wholeRoute.HeadInputs[i]].Share();
        Tensor[] outputs = [];
        try
        {
            using var whole = await _segments.RentAsync(_whole, cancellationToken).ConfigureAwait(false);
            var made = new Tensor[whole.Runner.Outputs.Count];
            clock.Lap();
            await whole.Runner.RunAsync(held, made, cancellationToken).ConfigureAwait(false);
            var time = clock.Lap();
            outputs = made;
            return new(new([.. _outputs.Select(source => outputs[source.Index].Share())], default), IsFromServer: false, time, IsWhole: true);
        }
        finally
        {
            foreach (var tensor in held) tensor.Dispose();
            foreach (var tensor in outputs) tensor.Dispose();
        }
    }

    // Once: what has to make room for others again and again is not worth loading.
    private async Task LoadAsync()
    {
        if (Interlocked.Exchange(ref _isLoading, 1) != 0) return;
        try
        {
            await _segments.PreloadAsync([_tail]).ConfigureAwait(false);
        }
        catch (Exception error) when (error is SplitInferException or ObjectDisposedException)
        {
            // The whole model does as well.
        }
    }
}
