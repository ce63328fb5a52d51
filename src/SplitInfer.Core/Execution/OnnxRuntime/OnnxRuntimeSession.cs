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
    private readonly SharedLayouts? _layouts;
    private readonly ConcurrentQueue<RunSlot> _slots = [];
    private int _references = 1;
    private int _disposed;

    private OnnxRuntimeSession(InferenceSession native, OrtLoggingLevel severity, string logId, SessionInitializers initializers, SharedLayouts? layouts, bool bindsOutputs)
    {
        (_native, _severity, _logId, _initializers, _layouts) = (native, severity, logId, initializers, layouts);
        Inputs = [.. native.InputNames.Select(name => Describe(name, native.InputMetadata[name]))];
        Outputs = [.. native.OutputNames.Select(name => Describe(name, native.OutputMetadata[name]))];
        OutputShapes = [.. Outputs.Select(output => bindsOutputs ? OutputShape.From(output, Inputs) : null)];
    }

    /// <inheritdoc/>
    public ImmutableArray<EngineValue> Inputs { get; }

    /// <inheritdoc/>
    public ImmutableArray<EngineValue> Outputs { get; }

    /// <summary>How the shape of each output is known before a run; null where it is not.</summary>
    public ImmutableArray<OutputShape?> OutputShapes { get; }

    /// <summary>Whether outputs have had the shapes that the model promises. Some models err; their outputs are taken as they come.</summary>
    public bool TrustsShapes { get; set; } = true;

    /// <summary>Loads a model.</summary>
    /// <exception cref="EngineException">ONNX Runtime refuses it.</exception>
    public static OnnxRuntimeSession Create(OnnxRuntimeEnvironment environment, byte[] model, ExecutionOptions options, SessionSettings settings)
    {
        var layouts = settings.SharedLayouts as SharedLayouts;
        var initializers = new SessionInitializers(settings.Initializers);
        var logId = EngineLog.Open(options.Logger);
        var holdsLayouts = false;
        InferenceSession? native = null;
        try
        {
            layouts?.Container.DangerousAddRef(ref holdsLayouts);
            native = environment.Configure(options, settings, session =>
            {
                session.LogId = logId;
                initializers.AddTo(session);
                return layouts is null ? new InferenceSession(model, session) : new InferenceSession(model, session, layouts.Container);
            });
            return new(native, environment.SeverityFor(options), logId, initializers, layouts, settings.BindsOutputs);
        }
        catch
        {
            native?.Dispose();
            initializers.Dispose();
            if (holdsLayouts) layouts!.Container.DangerousRelease();
            EngineLog.Close(logId);
            throw;
        }
    }

    /// <inheritdoc/>
    public void Run(
        ReadOnlySpan<int> inputPlaces, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<int> outputPlaces, Span<Tensor> outputs, CancellationToken cancellationToken)
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
            finally
            {
                _slots.Enqueue(slot);
            }
        }
        finally
        {
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
            throw new EngineException(EngineErrorCode.NotImplemented, $"output '{output.Name}' is of kind {output.Kind}; only tensors can be read.");
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
        _layouts?.Container.DangerousRelease();
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
