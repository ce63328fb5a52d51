using System.Collections.Immutable;
using SplitInfer.Core.Tests.Partitioning;
using SplitInfer.Execution;
using SplitInfer.Execution.OnnxRuntime;
using SplitInfer.Segments;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Core.Tests.Segments;

public class WarmUpTests
{
    [Fact]
    public void A_segment_that_never_ends_is_warmed_up_for_a_while_and_others_not_at_all()
    {
        var g = new GraphBuilder();
        g.Output(g.Tanh(g.Relu(g.Input("x", ElementType.Float32, 2))), "y");
        var engine = new EndlessEngine();
        using var compiler = new SegmentCompiler(SplitRun.Plan(g), new() { IntraOpThreads = 1, ShareWeights = false, Engine = engine }) { MaxWarmTime = TimeSpan.FromMilliseconds(20) };

        foreach (var k in (int[])[1, 2]) compiler.Compile(new(SegmentSide.Head, k)).Dispose();

        Assert.Equal(1, engine.Cancelled);
    }

    [Fact]
    public void A_model_that_needs_more_memory_than_is_allowed_is_not_run_to_warm_it_up()
    {
        var g = new GraphBuilder();
        g.Output(g.Tanh(g.Relu(g.Input("x", ElementType.Float32, 2048))), "y");
        var engine = new EndlessEngine();
        // The input stays while a node reads one value of this size and writes another.
        const long Needed = 3 * 2048 * sizeof(float);

        Compile(Needed - 1);
        Assert.Equal(0, engine.Cancelled);
        Compile(Needed);
        Assert.Equal(1, engine.Cancelled);

        void Compile(long bytes)
        {
            using var compiler = new SegmentCompiler(
                SplitRun.Plan(g, new() { MaxMeasureBytes = bytes }), new() { IntraOpThreads = 1, ShareWeights = false, Engine = engine }) { MaxWarmTime = TimeSpan.FromMilliseconds(20) };
            compiler.Compile(new(SegmentSide.Head, 2)).Dispose();
        }
    }

    /// <summary>Loads models with ONNX Runtime, and runs them until they are cancelled.</summary>
    private sealed class EndlessEngine : IInferenceEngine
    {
        public string Version => OnnxRuntimeEngine.Instance.Version;

        public int Cancelled { get; private set; }

        public void Check(ExecutionOptions options) => OnnxRuntimeEngine.Instance.Check(options);

        public IEngineSession Load(byte[] model, ExecutionOptions options, SessionSettings settings) => new Session(this, OnnxRuntimeEngine.Instance.Load(model, options, settings));

        public ReadOnlyMemory<byte> Optimize(byte[] model, ExecutionOptions options, string? externalDataFolder) => OnnxRuntimeEngine.Instance.Optimize(model, options, externalDataFolder);

        public ISessionGroup CreateGroup() => OnnxRuntimeEngine.Instance.CreateGroup();

        private sealed class Session(EndlessEngine engine, IEngineSession inner) : IEngineSession
        {
            public ImmutableArray<EngineValue> Inputs => inner.Inputs;

            public ImmutableArray<EngineValue> Outputs => inner.Outputs;

            public void Run(ReadOnlySpan<int> inputPlaces, ReadOnlySpan<TensorValue> inputs, ReadOnlySpan<int> outputPlaces, Span<TensorValue> outputs, CancellationToken cancellationToken)
            {
                cancellationToken.WaitHandle.WaitOne();
                engine.Cancelled++;
                cancellationToken.ThrowIfCancellationRequested();
            }

            public ModelValue[] RunForValues(IReadOnlyList<string> names, ReadOnlySpan<TensorValue> inputs, CancellationToken cancellationToken) => inner.RunForValues(names, inputs, cancellationToken);

            public void Dispose() => inner.Dispose();
        }
    }
}
