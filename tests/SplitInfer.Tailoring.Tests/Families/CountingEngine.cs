using System.Collections.Immutable;
using SplitInfer.Execution;
using SplitInfer.Execution.OnnxRuntime;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Tests.Families;

/// <summary>ONNX Runtime, which counts its runs and refuses what it is told to. Not thread-safe.</summary>
internal sealed class CountingEngine : IInferenceEngine
{
    private static readonly OnnxRuntimeEngine Inner = OnnxRuntimeEngine.Instance;

    public int Runs { get; private set; }

    /// <summary>Which models are refused; null for none.</summary>
    public Func<byte[], bool>? Refuses { get; init; }

    /// <summary>Whether no model is optimised.</summary>
    public bool RefusesToOptimize { get; init; }

    /// <summary>Whether another element of an output is the largest in each run, as if the model drew it.</summary>
    public bool IsFickle { get; init; }

    public string Version => Inner.Version;

    public void Check(ExecutionOptions options) => Inner.Check(options);

    public IEngineSession Load(byte[] model, ExecutionOptions options, SessionSettings settings)
    {
        if (Refuses?.Invoke(model) == true) throw new EngineException(EngineErrorCode.Fail, "refused by the test");
        return new Session(this, Inner.Load(model, options, settings));
    }

    public ReadOnlyMemory<byte> Optimize(byte[] model, ExecutionOptions options, string? externalDataFolder) =>
        RefusesToOptimize ? throw new EngineException(EngineErrorCode.Fail, "refused by the test") : Inner.Optimize(model, options, externalDataFolder);

    public ISessionGroup CreateGroup() => Inner.CreateGroup();

    private sealed class Session(CountingEngine engine, IEngineSession inner) : IEngineSession
    {
        public ImmutableArray<EngineValue> Inputs => inner.Inputs;

        public ImmutableArray<EngineValue> Outputs => inner.Outputs;

        public void Run(ReadOnlySpan<int> inputPlaces, ReadOnlySpan<TensorValue> inputs, ReadOnlySpan<int> outputPlaces, Span<TensorValue> outputs, CancellationToken cancellationToken)
        {
            engine.Runs++;
            inner.Run(inputPlaces, inputs, outputPlaces, outputs, cancellationToken);
            if (!engine.IsFickle) return;
            var elements = outputs[0].Span<float>().ToArray();
            elements[engine.Runs % elements.Length] = 1000;
            using var steady = outputs[0];
            outputs[0] = TensorValue.From<float>(elements, [.. steady.Shape.Dimensions]);
        }

        public ModelValue[] RunForValues(IReadOnlyList<string> names, ReadOnlySpan<TensorValue> inputs, CancellationToken cancellationToken) => inner.RunForValues(names, inputs, cancellationToken);

        public void Dispose() => inner.Dispose();
    }
}
