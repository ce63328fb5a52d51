using Microsoft.ML.OnnxRuntime;
using SplitInfer.Tensors;

namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>
/// What one run needs besides the session: a binding of values to names, and run options. Runs take turns with it, and what is still bound
/// from the run before is not bound again, so that a steady stream of runs allocates nothing. Not for two threads at once.
/// </summary>
internal sealed class RunSlot : IDisposable
{
    private readonly OnnxRuntimeSession _session;
    private readonly InferenceSession _native;
    private readonly OrtIoBinding _binding;
    private readonly RunOptions _runOptions = new();

    // By place in the session. They keep the memory reachable that native code has the address of.
    private readonly TensorValue?[] _inputs;
    private readonly TensorValue?[] _outputs;

    // By place: the view whose value the binding has a copy of; null if it has none or another value. Compared, never read.
    private readonly NativeView?[] _boundInputs;
    private readonly NativeView?[] _boundOutputs;

    // The places that the binding has a value for; outputs in the order in which they were bound.
    private int[] _boundInputPlaces = [];
    private int[] _boundOutputPlaces = [];

    public RunSlot(OnnxRuntimeSession session, InferenceSession native, OrtLoggingLevel severity)
    {
        (_session, _native) = (session, native);
        (_inputs, _boundInputs) = (new TensorValue?[session.Inputs.Length], new NativeView?[session.Inputs.Length]);
        (_outputs, _boundOutputs) = (new TensorValue?[session.Outputs.Length], new NativeView?[session.Outputs.Length]);
        _runOptions.LogSeverityLevel = severity;
        _binding = native.CreateIoBinding();
    }

    /// <summary>Runs the session; arguments are those of <see cref="IEngineSession.Run"/>.</summary>
    public void Run(
        ReadOnlySpan<int> inputPlaces, ReadOnlySpan<TensorValue> inputs, ReadOnlySpan<int> outputPlaces, Span<TensorValue> outputs, CancellationToken cancellationToken)
    {
        try
        {
            BindInputs(inputPlaces, inputs);
            var preparesAll = BindOutputs(outputPlaces, prepares: _session.TrustsShapes, out var preparesAny);
            try
            {
                Execute(cancellationToken);
            }
            catch (EngineException error) when (preparesAny && !error.IsOfMemory)
            {
                // Either the run is bound to fail, or an output has not the shape that the model promises. The second try tells.
                DropOutputs();
                preparesAll = BindOutputs(outputPlaces, prepares: false, out _);
                Execute(cancellationToken);
                _session.TrustsShapes = false;
            }

            if (!preparesAll) Fetch(outputPlaces);
            for (var i = 0; i < outputPlaces.Length; i++)
            {
                outputs[i] = _outputs[outputPlaces[i]]!;
                _outputs[outputPlaces[i]] = null;
            }
        }
        catch (Exception error)
        {
            ForgetBindings();
            if (EngineErrors.IsEngineError(error)) throw EngineErrors.Translate(error);
            throw;
        }
        finally
        {
            DropOutputs();
            _inputs.AsSpan().Clear();
        }
    }

    public void Dispose()
    {
        _binding.Dispose();
        _runOptions.Dispose();
    }

    private void BindInputs(ReadOnlySpan<int> places, ReadOnlySpan<TensorValue> inputs)
    {
        if (!places.SequenceEqual(_boundInputPlaces))
        {
            _binding.ClearBoundInputs();
            _boundInputs.AsSpan().Clear();
            _boundInputPlaces = places.ToArray();
        }

        for (var i = 0; i < places.Length; i++)
        {
            var (place, tensor) = (places[i], inputs[i]);
            _inputs[place] = tensor;
            if (tensor.ElementType == ElementType.Text)
            {
                using var text = NativeTensors.Create(tensor);
                _binding.BindInput(_session.Inputs[place].Name, text);
                continue;
            }

            var view = tensor.TakeView();
            if (!ReferenceEquals(view, _boundInputs[place])) _binding.BindInput(_session.Inputs[place].Name, view.Value);
            _boundInputs[place] = view;
            tensor.ReturnView(view);
        }
    }

    /// <summary>Binds pooled memory for outputs whose shapes are known, and leaves the allocation of others to the engine.</summary>
    /// <returns>Whether all are written to such memory.</returns>
    private bool BindOutputs(ReadOnlySpan<int> places, bool prepares, out bool preparesAny)
    {
        if (!places.SequenceEqual(_boundOutputPlaces))
        {
            _binding.ClearBoundOutputs();
            _boundOutputs.AsSpan().Clear();
            _boundOutputPlaces = places.ToArray();
        }

        var (prepared, bytes) = (0, 0L);
        foreach (var place in places)
        {
            var output = _session.Outputs[place];
            if (prepares && _session.OutputShapes[place] is { } rule && rule.TryResolve(_inputs, out var shape))
            {
                CheckOutputs(bytes += output.ElementType.ByteSize(shape.ElementCount));
                var tensor = _outputs[place] = TensorValue.Allocate(output.ElementType, shape);
                var view = tensor.TakeView();
                if (!ReferenceEquals(view, _boundOutputs[place])) _binding.BindOutput(output.Name, view.Value);
                _boundOutputs[place] = view;
                tensor.ReturnView(view);
                prepared++;
            }
            else
            {
                // Bound for every run anew, since the engine would write to what it allocated for the run before.
                _binding.BindOutputToDevice(output.Name, OrtMemoryInfo.DefaultInstance);
                _boundOutputs[place] = null;
            }
        }

        preparesAny = prepared > 0;
        return prepared == places.Length;
    }

    private void Execute(CancellationToken cancellationToken)
    {
        try
        {
            // The registration is gone, and its callback has ended, before the options serve another run.
            using var _ = cancellationToken.UnsafeRegister(static options => ((RunOptions)options!).Terminate = true, _runOptions);
            EngineLog.SetRunning(true);
            _native.RunWithBinding(_runOptions, _binding);
        }
        catch (Exception error) when (EngineErrors.IsEngineError(error))
        {
            var translated = EngineErrors.Translate(error);
            if (cancellationToken.IsCancellationRequested) throw new OperationCanceledException("The run was cancelled.", translated, cancellationToken);
            throw translated;
        }
        finally
        {
            EngineLog.SetRunning(false);
            _runOptions.Terminate = false;
        }
    }

    /// <summary>Copies the outputs that the engine allocated, and gives it back their memory.</summary>
    private void Fetch(ReadOnlySpan<int> places)
    {
        using (var values = _binding.GetOutputValues())
        {
            var bytes = 0L;
            for (var i = 0; i < places.Length; i++)
            {
                if (_outputs[places[i]] is not null) continue;
                CheckOutputs(bytes += NativeTensors.ByteSize(values.ElementAt(i)));
                _outputs[places[i]] = NativeTensors.Copy(values.ElementAt(i));
            }
        }

        _binding.ClearBoundOutputs();
        _boundOutputs.AsSpan().Clear();
        _boundOutputPlaces = [];
    }

    private void CheckOutputs(long bytes)
    {
        if (bytes > _session.MaxOutputBytes) throw new SizeLimitException($"The outputs take {bytes} bytes or more, over the {_session.MaxOutputBytes} allowed.");
    }

    /// <summary>After a failure the state of the bindings is unknown.</summary>
    private void ForgetBindings()
    {
        _binding.ClearBoundInputs();
        _binding.ClearBoundOutputs();
        _boundInputs.AsSpan().Clear();
        _boundOutputs.AsSpan().Clear();
        (_boundInputPlaces, _boundOutputPlaces) = ([], []);
    }

    private void DropOutputs()
    {
        foreach (ref var output in _outputs.AsSpan())
        {
            output?.Dispose();
            output = null;
        }
    }
}
