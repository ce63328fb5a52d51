using System.Collections.Concurrent;
using SplitInfer.Tensors;

namespace SplitInfer.Execution;

/// <summary>Runs a segment that an engine has loaded, on <see cref="RunThreads"/>. Owns the session.</summary>
internal sealed class SegmentRunner : ISegmentRunner
{
    private readonly IEngineSession _session;
    private readonly TensorSpec[] _inputs;
    private readonly TensorSpec[] _outputs;
    private readonly int[] _inputPlaces;
    private readonly int[] _outputPlaces;
    private readonly ConcurrentQueue<AsyncRun> _idle = [];

    /// <summary>Runs <paramref name="session"/> with values in the order of the specs, which may be some of the session's.</summary>
    /// <exception cref="TensorMismatchException">A spec names a value that the session does not have.</exception>
    public SegmentRunner(IEngineSession session, IEnumerable<TensorSpec> inputs, IEnumerable<TensorSpec> outputs)
    {
        (_session, _inputs, _outputs) = (session, [.. inputs], [.. outputs]);
        _inputPlaces = EngineSessions.PlacesOf([.. _inputs.Select(static spec => spec.Name)], session.Inputs, "input");
        _outputPlaces = EngineSessions.PlacesOf([.. _outputs.Select(static spec => spec.Name)], session.Outputs, "output");
    }

    /// <inheritdoc/>
    public IReadOnlyList<TensorSpec> Inputs => _inputs;

    /// <inheritdoc/>
    public IReadOnlyList<TensorSpec> Outputs => _outputs;

    /// <inheritdoc/>
    public Fingerprint? Model { get; set; }

    /// <inheritdoc/>
    public ValueTask RunAsync(ReadOnlyMemory<TensorValue> inputs, Memory<TensorValue> outputs, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested) return ValueTask.FromCanceled(cancellationToken);
        try
        {
            Check(inputs.Span, outputs.Length);
        }
        catch (TensorMismatchException e)
        {
            return ValueTask.FromException(e);
        }

        if (!_idle.TryDequeue(out var run)) run = new(this);
        return run.Start(inputs, outputs, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();

    /// <summary>Runs on the caller's thread.</summary>
    internal void Run(ReadOnlySpan<TensorValue> inputs, Span<TensorValue> outputs, CancellationToken cancellationToken) =>
        _session.Run(_inputPlaces, inputs, _outputPlaces, outputs, cancellationToken);

    /// <summary>Takes a work item back for the next run.</summary>
    internal void Recycle(AsyncRun run) => _idle.Enqueue(run);

    private void Check(ReadOnlySpan<TensorValue> inputs, int room)
    {
        if (inputs.Length != _inputs.Length)
            throw new TensorMismatchException($"The segment takes {_inputs.Length} inputs ({string.Join(", ", _inputs.AsEnumerable())}), not {inputs.Length}.");
        if (room != _outputs.Length)
            throw new TensorMismatchException($"The segment yields {_outputs.Length} outputs ({string.Join(", ", _outputs.AsEnumerable())}); there is room for {room}.");
        for (var i = 0; i < inputs.Length; i++)
            if (!_inputs[i].Accepts(inputs[i].ElementType, inputs[i].Shape))
                throw new TensorMismatchException($"Input '{_inputs[i].Name}' must be {_inputs[i]}, but the tensor given is {inputs[i]}.");
    }
}
