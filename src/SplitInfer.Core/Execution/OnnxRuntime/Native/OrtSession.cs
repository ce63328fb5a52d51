using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using SplitInfer.Tensors;

namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>A model that ONNX Runtime has loaded. Safe for concurrent runs; runs that are under way when it is disposed end normally.</summary>
internal sealed class OrtSession : IEngineSession
{
    private readonly OrtSessionHandle _handle;
    private readonly NativeText _inputNames;
    private readonly NativeText _outputNames;
    private readonly ImmutableArray<OutputShape?> _outputShapes;
    private readonly ConcurrentQueue<OrtRunSlot> _slots = [];

    private OrtSession(OrtEnvironment environment, OrtSessionHandle handle)
    {
        (Environment, _handle) = (environment, handle);
        Inputs = Describe(isInput: true);
        Outputs = Describe(isInput: false);
        _inputNames = new([.. Inputs.Select(static input => input.Name)]);
        _outputNames = new([.. Outputs.Select(static output => output.Name)]);
        // Runs that are under way read the names.
        _handle.Hold(_inputNames);
        _handle.Hold(_outputNames);
        _outputShapes = [.. Outputs.Select(output => OutputShape.From(output, Inputs))];
    }

    /// <summary>What the session must be fed, in its order.</summary>
    public ImmutableArray<EngineValue> Inputs { get; }

    /// <summary>What it yields, in its order.</summary>
    public ImmutableArray<EngineValue> Outputs { get; }

    /// <summary>What the session lives in.</summary>
    internal OrtEnvironment Environment { get; }

    /// <summary>Whether outputs have had the shapes that the model promises. Some models err; their outputs are taken as they come.</summary>
    internal bool TrustsShapes { get; set; } = true;

    /// <summary>Loads a model from its bytes, which are not needed afterwards.</summary>
    /// <param name="model">An ONNX file.</param>
    /// <param name="externalDataFolder">What external data is relative to; null when there is none.</param>
    /// <param name="options">How it is run.</param>
    /// <param name="settings">What is shared with other sessions.</param>
    /// <exception cref="EngineException">ONNX Runtime refuses the model.</exception>
    public static OrtSession Create(ReadOnlySpan<byte> model, string? externalDataFolder, ExecutionOptions options, OrtSessionSettings? settings = null)
    {
        settings ??= new();
        var environment = OrtEnvironment.For(options);
        using var native = OrtSessionOptions.Create(environment, options, settings, externalDataFolder);
        return Wrap(environment, OrtSessionHandle.Create(environment, model, native, settings));
    }

    /// <summary>Loads a model from its file; external data is relative to its folder.</summary>
    /// <exception cref="EngineException">There is no such file, or ONNX Runtime refuses it.</exception>
    public static OrtSession Open(string path, ExecutionOptions options)
    {
        var environment = OrtEnvironment.For(options);
        using var native = OrtSessionOptions.Create(environment, options, new(), externalDataFolder: null);
        return Wrap(environment, OrtSessionHandle.Open(environment, path, native));
    }

    /// <summary>Runs with values that are named by their places among <see cref="Inputs"/> and <see cref="Outputs"/>.</summary>
    public void Run(
        ReadOnlySpan<int> inputPlaces, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<int> outputPlaces, Span<Tensor> outputs, CancellationToken cancellationToken)
    {
        if (inputs.Length != inputPlaces.Length) throw new TensorMismatchException($"{inputPlaces.Length} inputs are expected, {inputs.Length} given.");
        if (outputs.Length != outputPlaces.Length) throw new TensorMismatchException($"{outputPlaces.Length} outputs are expected, there is room for {outputs.Length}.");
        cancellationToken.ThrowIfCancellationRequested();
        var added = false;
        _handle.DangerousAddRef(ref added);
        try
        {
            if (!_slots.TryDequeue(out var slot)) slot = new(this, _inputNames, _outputNames);
            slot.Run(_handle.Pointer, _outputShapes, inputPlaces, inputs, outputPlaces, outputs!, cancellationToken);
            _slots.Enqueue(slot);
            if (_handle.IsClosed) DropSlots();
        }
        finally
        {
            _handle.DangerousRelease();
        }
    }

    /// <summary>Releases the model, after the last run that is under way.</summary>
    public void Dispose()
    {
        _handle.Dispose();
        DropSlots();
    }

    private void DropSlots()
    {
        while (_slots.TryDequeue(out var slot)) slot.Dispose();
    }

    private static OrtSession Wrap(OrtEnvironment environment, OrtSessionHandle handle)
    {
        try
        {
            return new(environment, handle);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    private unsafe ImmutableArray<EngineValue> Describe(bool isInput)
    {
        var (api, session, allocator) = (Environment.Api, _handle.Pointer, Environment.Allocator);
        var values = new EngineValue[isInput ? api.SessionGetInputCount(session) : api.SessionGetOutputCount(session)];
        for (var i = 0; i < values.Length; i++)
        {
            var native = isInput ? api.SessionGetInputName(session, i, allocator) : api.SessionGetOutputName(session, i, allocator);
            var name = Marshal.PtrToStringUTF8((nint)native)!;
            api.AllocatorFree(allocator, native);
            using var type = new OrtHandle(api, OrtObject.TypeInfo, isInput ? api.SessionGetInputTypeInfo(session, i) : api.SessionGetOutputTypeInfo(session, i));
            values[i] = OrtValueReader.Read(api, name, type.Pointer);
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(values);
    }
}
