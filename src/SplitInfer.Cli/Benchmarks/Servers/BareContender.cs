using Microsoft.ML.OnnxRuntime;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Benchmarks.Servers;

/// <summary>ONNX Runtime alone in this process: one session, a thread a run, and as many runs at a time as there are processors. Nothing is sent, so it is what no server can surpass that runs one request at a time on as many.</summary>
internal sealed class BareContender : ILoadContender
{
    private readonly InferenceSession _session;
    private readonly RunOptions _options = new();
    private readonly string[] _inputNames, _outputNames;
    private readonly OrtValue[] _inputs;
    private readonly SemaphoreSlim _places = new(Environment.ProcessorCount);

    /// <param name="file">The model file.</param>
    /// <param name="inputs">What it is given, 32-bit floating-point numbers, in the order of the file; stays the caller's.</param>
    public BareContender(string file, IReadOnlyList<TensorValue> inputs)
    {
        using var settings = new SessionOptions { IntraOpNumThreads = 1, InterOpNumThreads = 1 };
        _session = new(file, settings);
        (_inputNames, _outputNames) = ([.. _session.InputNames], [.. _session.OutputNames]);
        _inputs = [.. inputs.Select(static input => OrtValue.CreateTensorValueFromMemory(input.Span<float>().ToArray(), input.Shape.Dimensions.ToArray()))];
    }

    public string Name => "bare";

    public int MaxClients => int.MaxValue;

    public async ValueTask InferAsync(int client, CancellationToken cancellationToken)
    {
        await _places.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            using var outputs = _session.Run(_options, _inputNames, _inputs, _outputNames);
        }
        finally
        {
            _places.Release();
        }
    }

    public ValueTask DisposeAsync()
    {
        foreach (var input in _inputs) input.Dispose();
        _options.Dispose();
        _session.Dispose();
        _places.Dispose();
        return ValueTask.CompletedTask;
    }
}
