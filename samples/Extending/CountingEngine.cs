using System.Collections.Immutable;
using SplitInfer.Client;
using SplitInfer.Execution;
using SplitInfer.Execution.OnnxRuntime;
using SplitInfer.Tensors;

namespace Extending;

/// <summary>An engine of your own: here ONNX Runtime with a count of its runs. Another one loads the same ONNX bytes with other means.</summary>
public sealed class CountingEngine(IInferenceEngine inner) : IInferenceEngine
{
    private int _runs;

    public string Version => inner.Version;

    public void Check(ExecutionOptions options) => inner.Check(options);

    public IEngineSession Load(byte[] model, ExecutionOptions options, SessionSettings settings) => new Session(this, inner.Load(model, options, settings));

    public ReadOnlyMemory<byte> Optimize(byte[] model, ExecutionOptions options, string? externalDataFolder) => inner.Optimize(model, options, externalDataFolder);

    public ISessionGroup CreateGroup() => new Group(this, inner.CreateGroup());

    public static Task RunAsync(string model, TextWriter output) => Deployment.UseAsync(model, _ => { }, async makeOptions =>
    {
        var (options, engine) = (makeOptions(), new CountingEngine(OnnxRuntimeEngine.Instance));
        options.Execution.Engine = engine;
        await using var client = await SplitInferenceClient.CreateAsync(options);
        using var input = Deployment.MakeInput(client);
        var before = engine._runs;
        for (var request = 0; request < 10; request++) (await client.InferAsync(input, new() { Partition = client.Plan.AllOnDevice.Index })).Dispose();
        await output.WriteLineAsync($"The device ran the engine {engine._runs - before} times for 10 requests.");
    });

    private sealed class Session(CountingEngine owner, IEngineSession inner) : IEngineSession
    {
        public ImmutableArray<EngineValue> Inputs => inner.Inputs;

        public ImmutableArray<EngineValue> Outputs => inner.Outputs;

        public void Run(ReadOnlySpan<int> inputPlaces, ReadOnlySpan<TensorValue> inputs, ReadOnlySpan<int> outputPlaces, Span<TensorValue> outputs, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref owner._runs);
            inner.Run(inputPlaces, inputs, outputPlaces, outputs, cancellationToken);
        }

        public ModelValue[] RunForValues(IReadOnlyList<string> names, ReadOnlySpan<TensorValue> inputs, CancellationToken cancellationToken) => inner.RunForValues(names, inputs, cancellationToken);

        public void Dispose() => inner.Dispose();
    }

    private sealed class Group(CountingEngine owner, ISessionGroup inner) : ISessionGroup
    {
        public IEngineSession Load(byte[] model, ExecutionOptions options, SessionSettings settings) => new Session(owner, inner.Load(model, options, settings));

        public void Dispose() => inner.Dispose();
    }
}
