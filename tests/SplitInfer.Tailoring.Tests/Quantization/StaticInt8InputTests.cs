using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Partitioning;
using SplitInfer.Tailoring.Calibration;
using SplitInfer.Tailoring.Evaluation;
using SplitInfer.Tailoring.Quantization;
using SplitInfer.Tailoring.Statistics;
using SplitInfer.Tailoring.Surgery;
using SplitInfer.Tailoring.Tests.Calibration;
using SplitInfer.Tailoring.Tests.Surgery;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Tailoring.Tests.Quantization;

public sealed class StaticInt8InputTests
{
    [Fact]
    public void What_is_fed_to_the_first_product_is_quantised_and_what_else_reads_it_stays_float()
    {
        var g = new GraphBuilder();
        var x = g.Input("x", ElementType.Float32, 1, 3, 8, 8);
        g.Output(g.Gemm(g.Flatten(g.GlobalAveragePool(g.Relu(g.Conv(x, 8)))), 4), "y");
        g.Output(g.Node("Exp", [x]), "z");
        var model = OnnxModel.Parse(g.ToBytes());
        var inputs = PartitionedModel.From(model).Plan.Inputs;
        var graph = TransformationCheck.Proto(new StaticInt8(StatisticsCollector.Collect(model, inputs, new MemorySamples(4))).Apply(model).Bytes).Graph;
        var product = graph.Node.Single(static n => n.OpType == "Conv");
        Assert.Equal("DequantizeLinear", graph.Node.Single(n => n.Output[0] == product.Input[0]).OpType);
        Assert.Equal("x", graph.Node.Single(static n => n.OpType == "Exp").Input[0]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_is_pooled_in_float_is_not_pooled_in_integers_by_the_engine(bool isClippedLast)
    {
        var g = new GraphBuilder();
        var first = g.Conv(g.Input("x", ElementType.Float32, 1, 3, 16, 16), 16);
        var pooled = g.MaxPool(isClippedLast ? first : g.Relu(first));
        g.Output(g.Conv(isClippedLast ? g.Relu(pooled) : pooled, 16), "y");
        var model = OnnxModel.Parse(g.ToBytes());
        var (inputs, samples) = (PartitionedModel.From(model).Plan.Inputs, new MemorySamples(4));
        var kept = new HashSet<string> { model.Graph.Node.First(static n => n.OpType == "Conv").Output[0] };
        var made = new StaticInt8(StatisticsCollector.Collect(model, inputs, samples), new() { KeptInFloat = kept }).Apply(model);
        var run = TransformationCheck.Proto(new ExecutionOptions().Engine.Optimize(made.Bytes.ToArray(), new(), externalDataFolder: null)).Graph.Node;
        var pooling = Assert.Single(run, static node => node.OpType == "MaxPool");
        Assert.DoesNotContain(run, node => node.OpType == "QuantizeLinear" && node.Output[0] == pooling.Input[0]);
        Assert.Contains(run, static node => node.OpType == "QLinearConv");
        Assert.InRange(ModelEvaluator.Evaluate([model, made.Model], inputs, samples, options: new() { TimingRounds = 3, TimingBudget = default })[1].Cosine, 0.99, 1.000001);
    }

    [Fact]
    public void A_state_that_was_0_on_all_samples_stays_in_float_since_its_range_is_not_known()
    {
        var g = new GraphBuilder();
        var (x, state) = (g.Input("x", ElementType.Float32, 1, 16), g.Input("state", ElementType.Float32, 1, 16));
        var (fromInput, fromState) = (Weights(g, 1), Weights(g, 2));
        g.Output(g.Add(g.Node("MatMul", [x, fromInput]), g.Node("MatMul", [state, fromState])), "y");
        var model = OnnxModel.Parse(g.ToBytes());
        var inputs = PartitionedModel.From(model).Plan.Inputs;
        var made = new StaticInt8(StatisticsCollector.Collect(model, inputs, new WithState(1, 0))).Apply(model);
        Assert.Contains("1 of 2 products", made.Changes[0], StringComparison.Ordinal);
        var later = ModelEvaluator.Evaluate([model, made.Model], inputs, new WithState(3, 0.4f), options: new() { TimingRounds = 3, TimingBudget = default });
        Assert.InRange(later[1].Cosine, 0.99, 1.000001);
    }

    [Fact]
    public void Samples_of_which_nothing_follows_are_refused_in_words()
    {
        var g = new GraphBuilder();
        g.Output(g.Node("MatMul", [g.Input("state", ElementType.Float32, 1, 16), Weights(g, 1)]), "y");
        var model = OnnxModel.Parse(g.ToBytes());
        var statistics = StatisticsCollector.Collect(model, PartitionedModel.From(model).Plan.Inputs, new WithState(1, 0));
        Assert.Contains("give other samples", Assert.Throws<TransformationRefusedException>(() => new StaticInt8(statistics).Apply(model)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_of_float16_is_told_that_it_takes_the_float32_one()
    {
        var g = new GraphBuilder();
        g.Output(g.Node("MatMul", [g.Input("x", ElementType.Float16, 1, 16), g.Initializer(RandomTensor.Normal(new(1), ElementType.Float16, 16, 16))]), "y");
        AssertRefused(g, "give the float32 model");
    }

    [Fact]
    public void A_model_whose_products_are_in_branches_is_told_so()
    {
        var g = new GraphBuilder();
        var (x, weights, yes, no) = (g.Input("x", ElementType.Float32, 1, 16), Weights(g, 1), g.Body("yes"), g.Body("no"));
        yes.Output(yes.Node("MatMul", [x, weights]));
        no.Output(no.Relu(x));
        g.Output(g.Node("If", [g.Input("on", ElementType.Bool)], ("then_branch", yes), ("else_branch", no)).Typed(ElementType.Float32).Shaped(1, 16), "y");
        AssertRefused(g, "without control flow");
    }

    private static void AssertRefused(GraphBuilder graph, string advice)
    {
        var model = OnnxModel.Parse(graph.ToBytes());
        var statistics = StatisticsCollector.Collect(model, PartitionedModel.From(model).Plan.Inputs, new WithState(2, 1));
        Assert.Equal(2, statistics.Samples);
        Assert.Contains(advice, Assert.Throws<TransformationRefusedException>(() => new StaticInt8(statistics).Apply(model)).Reason, StringComparison.Ordinal);
        Assert.Contains(advice, Assert.Throws<TransformationRefusedException>(() => new DynamicInt8().Apply(model)).Reason, StringComparison.Ordinal);
    }

    private static Value Weights(GraphBuilder graph, int seed) => graph.Initializer(RandomTensor.Normal(new(seed), ElementType.Float32, 16, 16));

    /// <summary>Random inputs beside states that are so many times as large.</summary>
    private sealed class WithState(int count, float factor) : ISampleSource
    {
        public int Count => count;

        public TensorValue[] Read(int sample, IReadOnlyList<TensorSpec> inputs)
        {
            TensorValue[] tensors = [.. inputs.Select((input, place) => RandomTensor.Normal(new((sample * 2) + place), input.Type, [.. input.Shape.Dimensions]))];
            foreach (var (input, tensor) in inputs.Zip(tensors))
            {
                if (input.Name != "state") continue;
                var elements = tensor.Span<float>();
                for (var i = 0; i < elements.Length; i++) elements[i] *= factor;
            }

            return tensors;
        }
    }
}
