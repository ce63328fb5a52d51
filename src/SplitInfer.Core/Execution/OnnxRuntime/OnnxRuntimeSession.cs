using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.ML.OnnxRuntime;
using SplitInfer.Tensors;

namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>
/// A model that ONNX Runtime has loaded. The process dies when a session is released while it runs, so runs count as references and the
/// last one to end releases it.
/// </summary>
internal sealed class OnnxRuntimeSession : IEngineSession
{
    private readonly InferenceSession _native;
    private readonly OrtLoggingLevel _severity;
    private readonly string _logId;
    private readonly SessionInitializers _initializers;
    private readonly PrePackedWeightsContainer? _container;
    private readonly SharedArena? _arena;
    private readonly ConcurrentQueue<RunSlot> _slots = [];
    private int _references = 1;
    private int _disposed;

    private OnnxRuntimeSession(InferenceSession native, OrtLoggingLevel severity, string logId, SessionInitializers initializers, PrePackedWeightsContainer? container, SharedArena? arena, long maxOutputBytes, Func<string, bool> bindsOutput)
    {
        (_native, _severity, _logId, _initializers, _container, _arena, MaxOutputBytes) = (native, severity, logId, initializers, container, arena, maxOutputBytes);
        Inputs = [.. native.InputNames.Select(name => Describe(name, native.InputMetadata[name]))];
        Outputs = [.. native.OutputNames.Select(name => Describe(name, native.OutputMetadata[name]))];
        OutputShapes = [.. Outputs.Select(output => bindsOutput(output.Name) ? OutputShape.From(output, Inputs) : null)];
    }

    /// <inheritdoc/>
    public ImmutableArray<EngineValue> Inputs { get; }

    /// <inheritdoc/>
    public ImmutableArray<EngineValue> Outputs { get; }

    /// <summary>How the shape of each output is known before a run; null if it is not.</summary>
    public ImmutableArray<OutputShape?> OutputShapes { get; }

    /// <summary>Whether outputs have had the shapes that the model promises. Some models err; their outputs are taken as they come.</summary>
    public bool TrustsShapes { get; set; } = true;

    /// <summary>The most bytes that the outputs of one run may take together.</summary>
    public long MaxOutputBytes { get; }

    /// <summary>Runs that are under way.</summary>
    public int ActiveRuns => Volatile.Read(ref _references) - (Volatile.Read(ref _disposed) == 0 ? 1 : 0);

    /// <summary>Loads a model.</summary>
    /// <param name="model">An ONNX file.</param>
    /// <param name="options">How the session runs.</param>
    /// <param name="settings">What it shares with other sessions.</param>
    /// <param name="container">Where kernels look for weights that another session's have laid out; null for nowhere.</param>
    /// <exception cref="EngineException">ONNX Runtime refuses the model.</exception>
    public static OnnxRuntimeSession Create(byte[] model, ExecutionOptions options, SessionSettings settings, PrePackedWeightsContainer? container)
    {
        options.Validate();
        var environment = OnnxRuntimeEnvironment.For(options);
        var initializers = new SessionInitializers(settings.Initializers);
        var logId = EngineLog.Open(options.Logger);
        var holdsContainer = false;
        InferenceSession? native = null;
        try
        {
            container?.DangerousAddRef(ref holdsContainer);
            var severity = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL;
            native = environment.Configure(options, settings, logId, session =>
            {
                severity = session.LogSeverityLevel;
                initializers.AddTo(session);
                return container is null ? new InferenceSession(model, session) : new InferenceSession(model, session, container);
            });
            return new(native, severity, logId, initializers, container, settings.UseSharedArena ? environment.ShareArena(options) : null, options.MaxOutputBytes, settings.BindsOutputs ? new PreparedOutputs(model).Allow : static _ => false);
        }
        catch
        {
            native?.Dispose();
            initializers.Dispose();
            if (holdsContainer) container!.DangerousRelease();
            EngineLog.Close(logId);
            throw;
        }
    }

    /// <inheritdoc/>
    public void Run(
        ReadOnlySpan<int> inputPlaces, ReadOnlySpan<TensorValue> inputs, ReadOnlySpan<int> outputPlaces, Span<TensorValue> outputs, CancellationToken cancellationToken)
    {
        if (inputs.Length != inputPlaces.Length) throw new TensorMismatchException($"{inputPlaces.Length} inputs are expected, {inputs.Length} given.");
        if (outputs.Length != outputPlaces.Length) throw new TensorMismatchException($"{outputPlaces.Length} outputs are expected, there is room for {outputs.Length}.");
        foreach (var place in outputPlaces) CheckReadable(Outputs[place]);
        cancellationToken.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(!TryAddReference(), this);
        try
        {
            if (!_slots.TryDequeue(out var slot)) slot = new(this, _native, _severity);
            // A slot whose run has failed is of use again: it forgets what it had bound.
            try
            {
                slot.Run(inputPlaces, inputs, outputPlaces, outputs, cancellationToken);
            }
            catch (EngineException error) when (error.IsOfMemory && _arena is not null)
            {
                // What other runs have left in the arena counts towards its bound, and may lie in pieces that are too small.
                _arena.Trim();
                slot.Run(inputPlaces, inputs, outputPlaces, outputs, cancellationToken);
            }
            finally
            {
                _slots.Enqueue(slot);
                _arena?.Trimming.OnRun();
            }
        }
        finally
        {
            Release();
        }
    }

    /// <inheritdoc/>
    public ModelValue[] RunForValues(IReadOnlyList<string> names, ReadOnlySpan<TensorValue> inputs, CancellationToken cancellationToken)
    {
        if (inputs.Length != names.Count) throw new TensorMismatchException($"{names.Count} inputs are named, {inputs.Length} given.");
        foreach (var output in Outputs)
            if (output.Kind is not (EngineValueKind.Tensor or EngineValueKind.Sequence or EngineValueKind.Map)) CheckReadable(output);
        cancellationToken.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(!TryAddReference(), this);
        var fed = new List<OrtValue>();
        try
        {
            foreach (var input in inputs) fed.Add(NativeTensors.Create(input));
            using var options = new RunOptions { LogSeverityLevel = _severity };
            using var registration = cancellationToken.UnsafeRegister(static options => ((RunOptions)options!).Terminate = true, options);
            using var values = _native.Run(options, [.. names], fed, [.. Outputs.Select(static o => o.Name)]);
            return [.. values.Select(NativeValues.Copy)];
        }
        catch (Exception error) when (EngineErrors.IsEngineError(error))
        {
            var translated = EngineErrors.Translate(error);
            if (cancellationToken.IsCancellationRequested) throw new OperationCanceledException("The run was cancelled.", translated, cancellationToken);
            throw translated;
        }
        finally
        {
            foreach (var value in fed) value.Dispose();
            Release();
        }
    }

    /// <summary>Releases the model, after the last run that is under way.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0) Release();
    }

    // A value that is not a dense tensor must not even be fetched: asking for an optional value that is not there ends the process.
    private static void CheckReadable(EngineValue output)
    {
        if (output.Kind != EngineValueKind.Tensor)
            throw new EngineException(EngineErrorCode.NotImplemented, $"output '{output.Name}' is of kind {output.Kind}, and only tensors can be read. Leave it out of the outputs, or turn it into a tensor in the model.");
    }

    private bool TryAddReference()
    {
        for (var seen = Volatile.Read(ref _references); seen > 0;)
        {
            var before = Interlocked.CompareExchange(ref _references, seen + 1, seen);
            if (before == seen) return true;
            seen = before;
        }

        return false;
    }

    private void Release()
    {
        if (Interlocked.Decrement(ref _references) > 0) return;
        while (_slots.TryDequeue(out var slot)) slot.Dispose();
        _native.Dispose();
        _initializers.Dispose();
        _container?.DangerousRelease();
        EngineLog.Close(_logId);
    }

    /// <summary>A rank of 0 counts as not known, since the managed API gives it for both a scalar and an unknown rank.</summary>
    private static EngineValue Describe(string name, NodeMetadata metadata)
    {
        var kind = (EngineValueKind)metadata.OnnxValueType;
        if (kind != EngineValueKind.Tensor) return EngineValue.Other(name, kind);
        var type = (ElementType)metadata.ElementDataType;
        return new(
            name, kind, Enum.IsDefined(type) ? type : ElementType.Undefined, metadata.Dimensions.Length > 0,
            [.. metadata.Dimensions.Select(static size => (long)size)],
            [.. metadata.SymbolicDimensions.Select(static symbol => symbol is { Length: > 0 } ? symbol : null)]);
    }
}
