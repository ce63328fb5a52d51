using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using SplitInfer.Execution;
using SplitInfer.Partitioning;
using SplitInfer.Segments;
using SplitInfer.Tensors;

namespace SplitInfer.Client.Device;

/// <summary>The model on the device: its plan, its loaded segments, and each partition as the device runs it. Safe for concurrent use.</summary>
internal sealed class LocalModel : IDisposable
{
    private readonly ModelCopy _model;
    private readonly SegmentSet _segments;
    private readonly BackgroundWork _background;
    private readonly BoundaryLayout _inputs;
    private readonly LocalCut?[] _cuts;
    private readonly ConcurrentDictionary<(int From, int To), LocalStep> _steps = [];
    private readonly Lazy<IEngineSession>? _finish;
    private double _wholeSeconds;
    private double _finishSeconds;
    private int _isLoading;
    private SegmentLease _kept;

    public LocalModel(ModelCopy model, SegmentSet segments, BackgroundWork background, ExecutionOptions execution)
    {
        (_model, _segments, _background) = (model, segments, background);
        _inputs = BoundaryLayout.For(Plan.Inputs, model.Source);
        _cuts = new LocalCut?[Plan.Partitions.Length];
        if (model.Finish is { } finish) _finish = new(() => execution.WithFewerOptimizations(less => execution.Engine.Load(finish.ToBytes(), less, finish.Folder), out _, out _), LazyThreadSafetyMode.PublicationOnly);
    }

    /// <summary>All partitions.</summary>
    public PartitionPlan Plan => _model.Plan;

    /// <summary>Its exits; null where it has none.</summary>
    public DeviceExits? Exits { get; init; }

    /// <summary>How long the whole model took when it last ran here, s; 0 before the first time.</summary>
    public double WholeSeconds
    {
        get => Volatile.Read(ref _wholeSeconds);
        private set => Volatile.Write(ref _wholeSeconds, value);
    }

    /// <summary>How long <see cref="MakeDeviceOutputsAsync"/> took when it last ran, s; 0 before the first time, and where there is nothing to make.</summary>
    public double FinishSeconds => Volatile.Read(ref _finishSeconds);

    /// <summary>Takes note of how long it took, s.</summary>
    public void RecordFinish(double seconds) => Volatile.Write(ref _finishSeconds, seconds);

    /// <summary>Whether the whole model can run without being loaded first.</summary>
    public bool IsWholeLoaded => _segments.IsLoaded(Whole);

    private SegmentKey Whole => new(SegmentSide.Head, Plan.AllOnDevice.Index);

    /// <summary>Takes note of how long the whole model took, s; 0 where it did not run.</summary>
    public void RecordWhole(double seconds)
    {
        if (seconds > 0) WholeSeconds = seconds;
    }

    /// <summary>A partition as the device runs it.</summary>
    public LocalCut this[int partition] => _cuts[partition] ??=
        new(_segments, _background, Plan, Plan.Partitions[partition], _model.Route(partition), _model.WholeRoute);

    /// <summary>The way from one partition to a later one.</summary>
    public LocalStep Step(int from, int to) => _steps.GetOrAdd((from, to), static (way, model) => new(model._segments, model._background, model.Plan, model[way.From], model[way.To]), this);

    /// <summary>Checks that tensors are what the model takes.</summary>
    /// <exception cref="TensorMismatchException">One is not.</exception>
    public void Check(ReadOnlySpan<TensorValue> inputs) => _inputs.Measure(inputs);

    /// <summary>Puts inputs that were given by name in the model's order.</summary>
    /// <exception cref="TensorMismatchException">One is missing, or is not the model's.</exception>
    public TensorValue[] Arrange(IReadOnlyDictionary<string, TensorValue> inputs)
    {
        foreach (var name in inputs.Keys)
            if (Plan.Inputs.All(i => i.Name != name)) throw new TensorMismatchException(_model.IsFedable(name)
                ? $"{_model.Source}: the model has a value of its own for '{name}'. Name it in {nameof(PlanOptions)}.{nameof(PlanOptions.FedInitializers)}, at both ends, to feed another."
                : $"{_model.Source}: the model has no input '{name}'. It takes: {string.Join(", ", Plan.Inputs)}.");
        return [.. Plan.Inputs.Select(i => inputs.TryGetValue(i.Name, out var tensor) ? tensor
            : _model.Defaults.GetValueOrDefault(i.Name)
            ?? throw new TensorMismatchException($"{_model.Source}: the input '{i.Name}' is missing{(inputs.Count == 0 ? "" : $"; given are {string.Join(", ", inputs.Select(static input => $"{input.Key} {input.Value}"))}")}. The model takes: {string.Join(", ", Plan.Inputs)}."))];
    }

    /// <summary>The place of an output.</summary>
    /// <exception cref="TensorMismatchException">The model has no such output.</exception>
    public int OutputIndex(string name)
    {
        for (var index = 0; index < Plan.Outputs.Length; index++)
            if (Plan.Outputs[index].Name == name) return index;
        throw new TensorMismatchException($"{_model.Source}: the model has no output '{name}'. It yields: {string.Join(", ", Plan.Outputs)}.");
    }

    /// <summary>Made-up inputs, which the caller owns.</summary>
    /// <exception cref="TensorMismatchException">The model does not say how many dimensions an input has, or is not to be run on made-up inputs.</exception>
    public TensorValue[] MakeInputs() => _model.MakeInputs();

    /// <summary>Runs the whole model in place of another variant of which no part is used. Loading is not part of its time.</summary>
    /// <param name="inputs">The inputs, which are shared until the run ends.</param>
    /// <param name="timer">A timer of this run's own.</param>
    /// <param name="cancellationToken">Stops it at the next node of the graph.</param>
    /// <returns>All outputs of the model, in the order of the plan, which the caller owns.</returns>
    public async ValueTask<TailOutputs> RunInsteadAsync(ReadOnlyMemory<TensorValue> inputs, StageTimer timer, CancellationToken cancellationToken)
    {
        // The caller may have its result from the server, and dispose its inputs, while this run has yet to stop.
        TensorValue[] shared = [.. inputs.ToArray().Select(static input => input.Share())];
        TensorValue[] made = [];
        try
        {
            var whole = this[Plan.AllOnDevice.Index];
            (made, var time) = await whole.RunHeadAsync(shared, timer, cancellationToken).ConfigureAwait(false);
            return new([.. whole.Route.Outputs.Select(source => (source.Origin == ValueOrigin.Input ? shared : made)[source.Index].Share())], time, IsWhole: true);
        }
        finally
        {
            foreach (var tensor in shared) tensor.Dispose();
            foreach (var tensor in made) tensor.Dispose();
        }
    }

    /// <summary>Loads the whole model and keeps it loaded, whatever room others need. Once.</summary>
    public async ValueTask KeepWholeAsync(CancellationToken cancellationToken) => _kept = await _segments.RentAsync(Whole, cancellationToken).ConfigureAwait(false);

    /// <summary>Loads the whole model beside requests. Once: what has to make room for others again and again is not worth loading.</summary>
    public void LoadWholeSoon()
    {
        if (Interlocked.Exchange(ref _isLoading, 1) == 0) _background.Start(stop => _segments.LoadQuietlyAsync(Whole, stop));
    }

    /// <summary>Loads the whole model and what makes the outputs that cannot cross, then the segments of some partitions.</summary>
    /// <param name="partitions">The partitions.</param>
    /// <param name="withTails">Whether the device may have to run tails as well.</param>
    /// <param name="shouldStop">Whether to load no more, asked before every segment but the first.</param>
    /// <param name="onUnloadableHead">Called with the partition and the reason where a head cannot be loaded. A tail that cannot be loaded is left to the server and the whole model.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask PreloadAsync(IReadOnlyList<Partition> partitions, bool withTails, Func<bool> shouldStop, Action<int, string> onUnloadableHead, CancellationToken cancellationToken)
    {
        await _segments.PreloadAsync([Whole], cancellationToken).ConfigureAwait(false);
        if (_finish is not null) await Task.Run(LoadFinish, cancellationToken).ConfigureAwait(false);
        await PreloadExitsAsync(shouldStop, cancellationToken).ConfigureAwait(false);
        foreach (var partition in partitions)
        {
            // A partition without a head has the whole model for its tail.
            if (!this[partition.Index].Route.HasHead) continue;
            foreach (var side in (SegmentSide[])(withTails && !partition.TailOutputs.IsEmpty ? [SegmentSide.Head, SegmentSide.Tail] : [SegmentSide.Head]))
            {
                if (shouldStop()) return;
                try
                {
                    await _segments.PreloadAsync([new(side, partition.Index)], cancellationToken).ConfigureAwait(false);
                }
                catch (SegmentLoadException error)
                {
                    if (side == SegmentSide.Head) onUnloadableHead(partition.Index, error.Message);
                }
            }

            // The way on from a cut without an exit, which by a deadline is all that the device may have time for.
            if (withTails && Exits is { } exits && exits.On(partition.Index) == 0 && exits.Behind(partition.Index) is > 0 and var exit && !shouldStop())
                await _segments.LoadQuietlyAsync(SegmentKey.Between(partition.Index, exits.PartitionOf(exit)), cancellationToken).ConfigureAwait(false);
        }
    }

    // What a request runs that leaves at an exit, or that passes by it. One that cannot be loaded is done without.
    private async ValueTask PreloadExitsAsync(Func<bool> shouldStop, CancellationToken cancellationToken)
    {
        for (var exit = 1; exit <= (Exits?.Count ?? 0); exit++)
        {
            var partition = Exits!.PartitionOf(exit);
            SegmentKey[] keys = [new(SegmentSide.Head, partition), new(SegmentSide.Tail, partition), .. exit < Exits.Count ? [SegmentKey.Between(partition, Exits.PartitionOf(exit + 1))] : (SegmentKey[])[]];
            foreach (var key in keys)
            {
                if (shouldStop()) return;
                await _segments.LoadQuietlyAsync(key, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Makes the outputs that cannot cross of those that can, on the device.</summary>
    /// <param name="inputs">The model's inputs.</param>
    /// <param name="outputs">The tensors of <see cref="PartitionPlan.Outputs"/>.</param>
    /// <param name="cancellationToken">Stops it at the next node.</param>
    /// <returns>The values by name, which the caller owns; none where the model yields tensors only.</returns>
    public async ValueTask<IReadOnlyDictionary<string, ModelValue>> MakeDeviceOutputsAsync(ReadOnlyMemory<TensorValue> inputs, TensorValue[] outputs, CancellationToken cancellationToken)
    {
        if (_finish is null) return FrozenDictionary<string, ModelValue>.Empty;
        var finish = _model.Finish!;
        var given = finish.Inputs.Select(name => Place(Plan.Outputs, name) is >= 0 and var output ? outputs[output] : inputs.Span[Place(Plan.Inputs, name)]).ToArray();
        var values = await Task.Run(() => _finish.Value.RunForValues(finish.Inputs, given, cancellationToken), cancellationToken).ConfigureAwait(false);
        return finish.Outputs.Zip(values).ToDictionary(static v => v.First, static v => v.Second, StringComparer.Ordinal);
    }

    public void Dispose()
    {
        if (_finish is { IsValueCreated: true }) _finish.Value.Dispose();
        (var kept, _kept) = (_kept, default);
        kept.Dispose();
        _segments.Dispose();
    }

    private void LoadFinish()
    {
        try
        {
            _ = _finish!.Value;
        }
        catch (EngineException)
        {
            // Requests that need it say why.
        }
    }

    private static int Place(ImmutableArray<TensorSpec> values, string name) => Enumerable.Range(0, values.Length).FirstOrDefault(i => values[i].Name == name, -1);
}
