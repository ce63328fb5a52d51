using System.Collections.Immutable;
using SplitInfer.Execution;
using SplitInfer.Tensors;

namespace CustomEngine;

/// <summary>An engine of your own: here ONNX Runtime with a count of its runs. Another one loads the same ONNX bytes with other means.</summary>
public sealed class CountingEngine(IInferenceEngine inner) : IInferenceEngine
{
    private int _runs;

    public int Runs => Volatile.Read(ref _runs);

    public string Version => inner.Version;

    public void Check(ExecutionOptions options) => inner.Check(options);

    public IEngineSession Load(byte[] model, ExecutionOptions options, SessionSettings settings) => new Session(this, inner.Load(model, options, settings));

    public ReadOnlyMemory<byte> Optimize(byte[] model, ExecutionOptions options, string? externalDataFolder) => inner.Optimize(model, options, externalDataFolder);

    public ISessionGroup CreateGroup() => new Group(this, inner.CreateGroup());

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
