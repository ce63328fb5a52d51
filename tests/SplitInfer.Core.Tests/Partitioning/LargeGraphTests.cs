using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Core.Tests.Partitioning;

/// <summary>Graphs of thousands of nodes.</summary>
public class LargeGraphTests
{
    [Fact]
    public void What_planning_takes_grows_with_the_length_of_a_chain()
    {
        Allocated(100);
        var (shorter, longer) = (Allocated(1500), Allocated(6000));

        Assert.InRange(longer, shorter, 5 * shorter);

        static long Allocated(int length)
        {
            var g = new GraphBuilder();
            g.Output(Chain(g, g.Input("x", ElementType.Float32, 2), length), "y");
            var bytes = g.ToBytes();
            var before = GC.GetAllocatedBytesForCurrentThread();
            Assert.Equal(length + 1, SplitRun.Plan(bytes).Plan.Partitions.Length);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    [Fact]
    public void A_dense_graph_is_planned_and_its_boundaries_are_bounded()
    {
        var g = new GraphBuilder();
        var values = new List<Value> { g.Input("x", ElementType.Float32, 2) };
        for (var i = 0; i < 1000; i++) values.Add(g.Node("Sum", [.. values.TakeLast(100), values[0]]));
        g.Output(values[^1], "y");

        var plan = SplitRun.Plan(g).Plan;

        Assert.Equal(1001, plan.Partitions.Length);
        Assert.Contains("MaxBoundaryTensors", plan.Partitions[500].InadmissibleReason, StringComparison.Ordinal);
        Assert.All(plan.Partitions, static p => Assert.InRange(p.Boundary.Length, 0, 101));
    }

    [Fact]
    public void The_longer_a_graph_the_fewer_values_a_boundary_lists()
    {
        var g = new GraphBuilder();
        var x = g.Input("x", ElementType.Float32, 2);
        var wide = Enumerable.Range(0, 500).Select(_ => g.Relu(x)).ToArray();
        g.Output(g.Node("Sum", [.. wide, Chain(g, x, 8000)]), "y");

        var plan = SplitRun.Plan(g).Plan;

        Assert.Contains($"at most {4_000_000 / 8501}", plan.Partitions[4000].InadmissibleReason, StringComparison.Ordinal);
        Assert.Empty(plan.Partitions[4000].Boundary);
        Assert.True(plan.AllOnDevice.IsAdmissible);
    }

    [Fact]
    public void Many_open_sizes_are_measured_as_few_are()
    {
        long[] bytes = [.. new[] { 10, 1500 }.Select(static length =>
        {
            var g = new GraphBuilder();
            var found = g.Node("NonZero", [g.Input("x", ElementType.Float32, 3, 5)]).Typed(ElementType.Int64);
            g.Output(Chain(g, g.Cast(found, ElementType.Float32), length), "y");
            var plan = SplitRun.Plan(g).Plan;
            Assert.Null(plan.MeasureFailure);
            return plan.Partitions.Skip(2).SkipLast(1).Select(static p => p.BoundaryBytes).Distinct().Single();
        })];

        // Two rows, one column for each of the 15 elements.
        Assert.Equal([2 * 15 * sizeof(float), 2 * 15 * sizeof(float)], bytes);
    }

    [Fact]
    public void Sizes_that_follow_from_the_inputs_are_taken_as_they_follow_where_they_are_many()
    {
        var g = new GraphBuilder();
        g.Output(Chain(g, g.Input("x", ElementType.Float32, "n", 3), 5000), "y");

        var plan = SplitRun.Plan(g, new() { DimensionSizes = new Dictionary<string, long> { ["n"] = 7 } }).Plan;

        Assert.All(plan.Partitions.SkipLast(1), static p => Assert.Equal(7 * 3 * sizeof(float), p.BoundaryBytes));
    }

    [Fact]
    public void A_node_without_a_kernel_is_found_among_thousands()
    {
        var g = new GraphBuilder();
        var x = Chain(g, g.Input("x", ElementType.Float32, 2), 5000);
        g.Output(g.Node("Tan", [g.Cast(x, ElementType.Float64)]), "y");

        var error = Assert.Throws<EngineException>(() => SplitRun.Plan(g));

        Assert.Contains("Tan", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Thousands_of_nodes_of_few_kinds_are_loaded_as_few()
    {
        var g = new GraphBuilder();
        var x = Chain(g, g.Input("x", ElementType.Float32, "n", 4), 5000);
        g.Output(g.Node("Gemm", [x, g.Initializer(RandomTensor.Normal(new(1), ElementType.Float32, 4, 4))], ("transB", 1)), "y");
        var loaded = new List<long>();
        var engine = new LoadSizes(loaded);

        var model = PartitionedModel.From(OnnxModel.Parse(g.ToBytes()), null, new() { IntraOpThreads = 1, Engine = engine });

        Assert.Equal(5002, model.Plan.Partitions.Length);
        Assert.InRange(Assert.Single(loaded), 1, 2000);
    }

    [Theory]
    [InlineData(2)]
    [InlineData("n")]
    public void Of_nodes_that_read_all_earlier_values_the_engine_is_given_few_edges(object size)
    {
        var g = new GraphBuilder();
        var values = new List<Value> { g.Input("x", ElementType.Float32, size is int fixedSize ? fixedSize : (Axis)(string)size) };
        for (var i = 0; i < 600; i++) values.Add(g.Node(i % 2 == 0 ? "Sum" : "Max", [.. values]));
        g.Output(values[^1], "y");
        var bytes = g.ToBytes();
        var given = new List<long>();

        var plan = PartitionedModel.From(OnnxModel.Parse(bytes), null, new() { IntraOpThreads = 1, Engine = new LoadSizes(given, countsInference: true) }).Plan;

        Assert.Equal(601, plan.Partitions.Length);
        Assert.InRange(given.Sum(), 1, bytes.Length / 2);
    }

    private static Value Chain(GraphBuilder g, Value x, int length)
    {
        for (var i = 0; i < length; i++) x = i % 2 == 0 ? g.Relu(x) : g.Tanh(x);
        return x;
    }

    private sealed class LoadSizes(List<long> sizes, bool countsInference = false) : IInferenceEngine
    {
        private readonly IInferenceEngine _engine = SplitRun.Execution.Engine;

        public string Version => _engine.Version;

        public void Check(ExecutionOptions options) => _engine.Check(options);

        public IEngineSession Load(byte[] model, ExecutionOptions options, SessionSettings settings)
        {
            sizes.Add(model.Length);
            return _engine.Load(model, options, settings);
        }

        public ReadOnlyMemory<byte> Optimize(byte[] model, ExecutionOptions options, string? externalDataFolder)
        {
            if (countsInference) sizes.Add(model.Length);
            return _engine.Optimize(model, options, externalDataFolder);
        }

        public ISessionGroup CreateGroup() => _engine.CreateGroup();
    }
}
