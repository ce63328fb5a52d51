using System.Collections.Immutable;
using System.Runtime.InteropServices;
using SplitInfer.Tensors;

namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>What one run needs besides the session; runs take turns with it, so that a steady stream of them allocates next to nothing.</summary>
internal sealed unsafe class OrtRunSlot : IDisposable
{
    private readonly OrtSession _session;
    private readonly OrtApi _api;
    private readonly OrtHandle _runOptions;
    private readonly NativeText _inputNames;
    private readonly NativeText _outputNames;

    // By place in the session. They keep the memory reachable that native code has the address of.
    private readonly Tensor?[] _inputs;
    private readonly Tensor?[] _outputs;

    // One after the other as the native call takes them, names beside values.
    private readonly nint[] _feedNames;
    private readonly nint[] _feeds;
    private readonly nint[] _fetchNames;
    private readonly nint[] _fetches;

    public OrtRunSlot(OrtSession session, NativeText inputNames, NativeText outputNames)
    {
        (_session, _api, _inputNames, _outputNames) = (session, session.Environment.Api, inputNames, outputNames);
        _inputs = new Tensor?[session.Inputs.Length];
        _outputs = new Tensor?[session.Outputs.Length];
        (_feedNames, _feeds) = (Pinned(_inputs.Length), Pinned(_inputs.Length));
        (_fetchNames, _fetches) = (Pinned(_outputs.Length), Pinned(_outputs.Length));
        _runOptions = new(_api, OrtObject.RunOptions, _api.CreateRunOptions());
        // What makes a run fail is raised, with the same message; printing it besides would only repeat it.
        _api.RunOptionsSetRunLogSeverityLevel(_runOptions.Pointer, OrtLogLevel.Fatal);
    }

    public void Run(
        nint session, ImmutableArray<OutputShape?> outputShapes,
        ReadOnlySpan<int> inputPlaces, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<int> outputPlaces, Span<Tensor?> outputs, CancellationToken cancellationToken)
    {
        try
        {
            Feed(inputPlaces, inputs);
            var prepared = _session.TrustsShapes && Prepare(outputShapes, outputPlaces);
            var status = Execute(session, inputPlaces.Length, outputPlaces, cancellationToken);
            if (status != 0 && prepared && !cancellationToken.IsCancellationRequested)
            {
                // Either the run is bound to fail, or an output has not the shape that the model promises. The second try tells.
                _api.Release(OrtObject.Status, status);
                DropOutputs();
                status = Execute(session, inputPlaces.Length, outputPlaces, cancellationToken);
                if (status == 0) _session.TrustsShapes = false;
            }

            if (status != 0) throw Failure(status, cancellationToken);
            Collect(outputPlaces, outputs);
        }
        finally
        {
            Clear();
        }
    }

    public void Dispose() => _runOptions.Dispose();

    private void Feed(ReadOnlySpan<int> places, ReadOnlySpan<Tensor> inputs)
    {
        for (var i = 0; i < places.Length; i++)
        {
            _inputs[places[i]] = inputs[i];
            _feedNames[i] = (nint)_inputNames[places[i]];
            _feeds[i] = OrtTensorValue.Borrow(_session.Environment, inputs[i]);
        }
    }

    /// <summary>Gives the run pooled memory to write outputs to where their shapes are known.</summary>
    private bool Prepare(ImmutableArray<OutputShape?> shapes, ReadOnlySpan<int> places)
    {
        var any = false;
        for (var i = 0; i < places.Length; i++)
        {
            var place = places[i];
            if (shapes[place] is not { } rule || !rule.TryResolve(_inputs, out var shape)) continue;
            var tensor = _outputs[place] = Tensor.Allocate(_session.Outputs[place].ElementType, shape);
            _fetches[i] = OrtTensorValue.Borrow(_session.Environment, tensor);
            any = true;
        }

        return any;
    }

    private nint Execute(nint session, int inputCount, ReadOnlySpan<int> outputPlaces, CancellationToken cancellationToken)
    {
        for (var i = 0; i < outputPlaces.Length; i++) _fetchNames[i] = (nint)_outputNames[outputPlaces[i]];
        using var _ = cancellationToken.UnsafeRegister(static slot => ((OrtRunSlot)slot!).Terminate(), this);
        return _api.Run(
            session, _runOptions.Pointer, (byte**)Address(_feedNames), Address(_feeds), inputCount,
            (byte**)Address(_fetchNames), Address(_fetches), outputPlaces.Length);
    }

    private void Terminate() => _api.RunOptionsSetTerminate(_runOptions.Pointer);

    private Exception Failure(nint status, CancellationToken cancellationToken)
    {
        var error = _api.TakeError(status);
        return cancellationToken.IsCancellationRequested
            ? new OperationCanceledException("The run was cancelled.", error, cancellationToken)
            : error;
    }

    private void Collect(ReadOnlySpan<int> places, Span<Tensor?> outputs)
    {
        for (var i = 0; i < places.Length; i++)
        {
            ref var output = ref _outputs[places[i]];
            output ??= OrtTensorValue.Copy(_session.Environment, _fetches[i], _session.Outputs[places[i]].Name);
            // The engine leaves the unused half of the last byte as it was.
            if (output is { ElementType: ElementType.Int4 or ElementType.UInt4 } && output.Shape.ElementCount % 2 != 0)
                output.Bytes.Span[^1] &= 0x0F;
        }

        for (var i = 0; i < places.Length; i++)
        {
            outputs[i] = _outputs[places[i]];
            _outputs[places[i]] = null;
        }
    }

    private void Clear()
    {
        DropOutputs();
        ReleaseValues(_feeds);
        _inputs.AsSpan().Clear();
        _api.RunOptionsUnsetTerminate(_runOptions.Pointer);
    }

    private void DropOutputs()
    {
        ReleaseValues(_fetches);
        foreach (ref var output in _outputs.AsSpan())
        {
            output?.Dispose();
            output = null;
        }
    }

    private void ReleaseValues(nint[] values)
    {
        foreach (ref var value in values.AsSpan())
        {
            if (value != 0) _api.Release(OrtObject.Value, value);
            value = 0;
        }
    }

    private static nint[] Pinned(int length) => GC.AllocateArray<nint>(Math.Max(length, 1), pinned: true);

    private static nint* Address(nint[] pinned) => (nint*)Marshal.UnsafeAddrOfPinnedArrayElement(pinned, 0);
}
