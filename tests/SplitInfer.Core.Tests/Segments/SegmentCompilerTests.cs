using SplitInfer.Execution;
using SplitInfer.Execution.OnnxRuntime;
using SplitInfer.Models;
using SplitInfer.Partitioning;
using SplitInfer.Segments;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Core.Tests.Segments;

public sealed class SegmentCompilerTests
{
    private const int Size = 128;
    private const long WeightBytes = Size * Size * sizeof(float);

    [Fact]
    public void Weights_of_types_that_cannot_be_passed_do_not_keep_others_from_being_shared()
    {
        var g = new GraphBuilder(opset: 21, irVersion: 10);
        var narrow = g.Initializer(TensorValue.From(ElementType.Int4, new(4096), new byte[2048]));
        var wide = g.Node("DequantizeLinear", [narrow, g.Scalar(ElementType.Float32, 1)]).Typed(ElementType.Float32);
        g.Output(g.Node("ReduceSum", [wide]), "sum");
        g.Output(Dense(g), "y");

        Assert.InRange(SharedBytes(g, new() { IntraOpThreads = 1 }), WeightBytes, 2 * WeightBytes);
    }

    [Fact]
    public void Weights_are_shared_beside_what_the_application_configures_where_it_says_so()
    {
        var g = new GraphBuilder();
        g.Output(Dense(g), "y");

        Assert.Equal(0, SharedBytes(g, new() { IntraOpThreads = 1, Configure = static _ => { } }));
        Assert.InRange(SharedBytes(g, new() { IntraOpThreads = 1, Configure = static _ => { }, ShareWeights = true }), WeightBytes, 2 * WeightBytes);
        Assert.Equal(0, SharedBytes(g, new() { IntraOpThreads = 1, ShareWeights = false }));
    }

    [Fact]
    public void Planning_and_segments_reach_an_engine_through_its_seam_alone()
    {
        var g = new GraphBuilder();
        g.Output(Dense(g), "y");
        var engine = new CountingEngine();

        SharedBytes(g, new() { IntraOpThreads = 1, Engine = engine });

        // Types are inferred and loading is tried while the model is planned; the segment is optimised and loaded in a group.
        Assert.Equal((2, 1, 1), (engine.Optimized, engine.Loaded, engine.Groups));
    }

    private static Value Dense(GraphBuilder g) => g.Relu(g.MatMul(g.Input("x", ElementType.Float32, 1, Size), g.Weight(ElementType.Float32, Size, 1, Size, Size)));

    private static long SharedBytes(GraphBuilder g, ExecutionOptions options)
    {
        var model = PartitionedModel.From(OnnxModel.Parse(g.ToBytes()), null, options);
        using var compiler = new SegmentCompiler(model, options);
        using var segment = compiler.Compile(new(SegmentSide.Head, model.Plan.AllOnDevice.Index));
        return compiler.SharedBytes;
    }

    private sealed class CountingEngine : IInferenceEngine
    {
        public string Version => OnnxRuntimeEngine.Instance.Version;

        public int Optimized { get; private set; }

        public int Loaded { get; private set; }

        public int Groups { get; private set; }

        public void Check(ExecutionOptions options) => OnnxRuntimeEngine.Instance.Check(options);

        public IEngineSession Load(byte[] model, ExecutionOptions options, SessionSettings settings)
        {
            Loaded++;
            return OnnxRuntimeEngine.Instance.Load(model, options, settings);
        }

        public ReadOnlyMemory<byte> Optimize(byte[] model, ExecutionOptions options, string? externalDataFolder)
        {
            Optimized++;
            return OnnxRuntimeEngine.Instance.Optimize(model, options, externalDataFolder);
        }

        public ISessionGroup CreateGroup()
        {
            Groups++;
            return OnnxRuntimeEngine.Instance.CreateGroup();
        }
    }
}
