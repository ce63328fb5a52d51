using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using SplitInfer.Tensors;

namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>A model that ONNX Runtime has loaded. Safe for concurrent runs; runs that are under way when it is disposed end normally.</summary>
internal sealed class OrtSession : IDisposable
{
    private readonly OrtSessionHandle _handle;
    private readonly NativeText _inputNames;
    private readonly NativeText _outputNames;
    private readonly ImmutableArray<OrtOutputShape?> _outputShapes;
    private readonly int[] _allInputs;
    private readonly int[] _allOutputs;
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
        _outputShapes = [.. Outputs.Select(output => OrtOutputShape.From(output, Inputs))];
        _allInputs = [.. Enumerable.Range(0, Inputs.Length)];
        _allOutputs = [.. Enumerable.Range(0, Outputs.Length)];
    }

    /// <summary>What the session must be fed, in its order.</summary>
    public ImmutableArray<OrtValueInfo> Inputs { get; }

    /// <summary>What it yields, in its order.</summary>
    public ImmutableArray<OrtValueInfo> Outputs { get; }

    /// <summary>What the session lives in.</summary>
    internal OrtEnvironment Environment { get; }

    /// <summary>Whether outputs have had the shapes that the model promises. Some models err; their outputs are taken as they come.</summary>
    internal bool TrustsShapes { get; set; } = true;

    /// <summary>Loads a model from its bytes, which are not needed afterwards.</summary>
    /// <param name="model">An ONNX file.</param>
    /// <param name="externalDataFolder">What external data is relative to; null when there is none.</param>
    /// <param name="options">How it is run.</param>
    /// <param name="settings">What is shared with other sessions.</param>
    /// <exception cref="OnnxRuntimeException">ONNX Runtime refuses the model.</exception>
    public static OrtSession Create(ReadOnlySpan<byte> model, string? externalDataFolder, ExecutionOptions options, OrtSessionSettings? settings = null)
    {
        settings ??= new();
        var environment = OrtEnvironment.For(options);
        using var native = OrtSessionOptions.Create(environment, options, settings, externalDataFolder);
        return Wrap(environment, OrtSessionHandle.Create(environment, model, native, settings));
    }

    /// <summary>Loads a model from its file; external data is relative to its folder.</summary>
    /// <exception cref="OnnxRuntimeException">There is no such file, or ONNX Runtime refuses it.</exception>
    public static OrtSession Open(string path, ExecutionOptions options)
    {
        var environment = OrtEnvironment.For(options);
        using var native = OrtSessionOptions.Create(environment, options, new(), externalDataFolder: null);
        return Wrap(environment, OrtSessionHandle.Open(environment, path, native));
    }

    /// <summary>Runs once, on the caller's thread.</summary>
    /// <param name="inputs">One tensor for each of <see cref="Inputs"/>; they stay the caller's.</param>
    /// <param name="outputs">Receives a tensor for each of <see cref="Outputs"/>, which the caller owns; null where an optional value is not there.</param>
    /// <param name="cancellationToken">Stops the run at the next node.</param>
    /// <exception cref="TensorMismatchException">The number of tensors is wrong.</exception>
    /// <exception cref="OnnxRuntimeException">The run failed.</exception>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    public void Run(ReadOnlySpan<Tensor> inputs, Span<Tensor?> outputs, CancellationToken cancellationToken = default) =>
        Run(_allInputs, inputs, _allOutputs, outputs, cancellationToken);

    /// <summary>Runs for some of the outputs only; nodes that these do not need are run all the same.</summary>
    /// <param name="inputNames">Names of inputs.</param>
    /// <param name="inputs">A tensor for each.</param>
    /// <param name="outputNames">Names of outputs.</param>
    /// <param name="outputs">Receives a tensor for each.</param>
    /// <param name="cancellationToken">Stops the run at the next node.</param>
    /// <exception cref="TensorMismatchException">A name is not one of the session's or comes twice, or the number of tensors is wrong.</exception>
    public void Run(
        ReadOnlySpan<string> inputNames, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<string> outputNames, Span<Tensor?> outputs, CancellationToken cancellationToken = default) =>
        Run(PlacesOf(inputNames, Inputs, "input"), inputs, PlacesOf(outputNames, Outputs, "output"), outputs, cancellationToken);

    /// <summary>Runs with values that are named by their places among <see cref="Inputs"/> and <see cref="Outputs"/>.</summary>
    public void Run(
        ReadOnlySpan<int> inputPlaces, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<int> outputPlaces, Span<Tensor?> outputs, CancellationToken cancellationToken)
    {
        if (inputs.Length != inputPlaces.Length) throw new TensorMismatchException($"{inputPlaces.Length} inputs are expected, {inputs.Length} given.");
        if (outputs.Length != outputPlaces.Length) throw new TensorMismatchException($"{outputPlaces.Length} outputs are expected, there is room for {outputs.Length}.");
        cancellationToken.ThrowIfCancellationRequested();
        var added = false;
        _handle.DangerousAddRef(ref added);
        try
        {
            if (!_slots.TryDequeue(out var slot)) slot = new(this, _inputNames, _outputNames);
            slot.Run(_handle.Pointer, _outputShapes, inputPlaces, inputs, outputPlaces, outputs, cancellationToken);
            _slots.Enqueue(slot);
            if (_handle.IsClosed) DropSlots();
        }
        finally
        {
            _handle.DangerousRelease();
        }
    }

    /// <summary>The places of values by name.</summary>
    /// <exception cref="TensorMismatchException">A name is not among them.</exception>
    public static int[] PlacesOf(ReadOnlySpan<string> names, ImmutableArray<OrtValueInfo> values, string what)
    {
        var places = new int[names.Length];
        for (var i = 0; i < places.Length; i++)
        {
            var name = names[i];
            if (names[..i].Contains(name)) throw new TensorMismatchException($"The {what} '{name}' is named twice.");
            places[i] = Enumerable.Range(0, values.Length).FirstOrDefault(place => values[place].Name == name, -1);
            if (places[i] < 0)
                throw new TensorMismatchException($"The model has no {what} '{name}'. It has: {string.Join(", ", values.Select(static value => value.Name))}.");
        }

        return places;
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

    private unsafe ImmutableArray<OrtValueInfo> Describe(bool isInput)
    {
        var (api, session, allocator) = (Environment.Api, _handle.Pointer, Environment.Allocator);
        var values = new OrtValueInfo[isInput ? api.SessionGetInputCount(session) : api.SessionGetOutputCount(session)];
        for (var i = 0; i < values.Length; i++)
        {
            var native = isInput ? api.SessionGetInputName(session, i, allocator) : api.SessionGetOutputName(session, i, allocator);
            var name = Marshal.PtrToStringUTF8((nint)native)!;
            api.AllocatorFree(allocator, native);
            using var type = new OrtHandle(api, OrtObject.TypeInfo, isInput ? api.SessionGetInputTypeInfo(session, i) : api.SessionGetOutputTypeInfo(session, i));
            values[i] = OrtValueInfo.Read(api, name, type.Pointer);
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(values);
    }
}
