using SplitInfer.Models;
using SplitInfer.Partitioning;
using SplitInfer.Tailoring.Evaluation;
using SplitInfer.Tailoring.Tests.Calibration;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Tailoring.Tests.Evaluation;

public sealed class ModelEvaluatorTests
{
    private const int Samples = 4;

    [Theory]
    [InlineData(4, 1f, AgreementKind.Automatic, Samples)]
    [InlineData(4, 2f, AgreementKind.Automatic, Samples)]
    [InlineData(4, 2f, AgreementKind.Outputs, 0)]
    [InlineData(4, 1.1f, AgreementKind.Outputs, Samples)]
    [InlineData(4, -1f, AgreementKind.Classes, 0)]
    // One number is no row of scores: its sign alone says nothing.
    [InlineData(1, 2f, AgreementKind.Automatic, 0)]
    [InlineData(1, 1.01f, AgreementKind.Automatic, Samples)]
    public void Another_scale_is_another_answer_unless_only_the_class_counts(int elements, float factor, AgreementKind kind, int agreeing)
    {
        var score = Evaluate(graph => graph.Node("Mul", [graph.Input("x", ElementType.Float32, 1, elements), graph.Initializer(TensorValue.From<float>([factor], 1))]), elements, kind);
        Assert.Equal(agreeing, score.Agreeing);
        Assert.Equal(factor > 0 ? 1 : -1, score.Cosine, 1e-6);
        Assert.Null(score.Right);
    }

    [Theory]
    [InlineData(0f, Samples)]
    [InlineData(1000f, 0)]
    public void Whole_numbers_are_the_same_or_are_not(float added, int agreeing)
    {
        var expected = Build(graph => graph.Cast(graph.Input("x", ElementType.Float32, 1, 4), ElementType.Int64));
        var other = Build(graph => graph.Cast(graph.Node("Add", [graph.Input("x", ElementType.Float32, 1, 4), graph.Initializer(TensorValue.From<float>([added], 1))]), ElementType.Int64));
        Assert.Equal(agreeing, Evaluate(expected, other, AgreementKind.Automatic).Agreeing);
    }

    [Fact]
    public void Labels_count_the_right_classes()
    {
        var model = Build(graph => graph.Node("Mul", [graph.Input("x", ElementType.Float32, 1, 4), graph.Initializer(TensorValue.From<float>([1], 1))]));
        var inputs = PartitionedModel.From(model).Plan.Inputs;
        // Four classes, so that each sample has exactly one of these.
        var right = Enumerable.Range(0, 4).Sum(label => ModelEvaluator.Evaluate([model], inputs, new MemorySamples(Samples), options: new() { Labels = [label, label, label, label], TimingRounds = 3, TimingBudget = default })[0].Right);
        Assert.Equal(Samples, right);
        var error = Assert.Throws<TensorMismatchException>(() => ModelEvaluator.Evaluate([model], inputs, new MemorySamples(Samples), options: new() { Labels = [0, 4, 0, 0] }));
        Assert.Contains("The label 4 of sample 2 is none of the 4 classes", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => ModelEvaluator.Evaluate([model], inputs, new MemorySamples(Samples), options: new() { Labels = [1] }));
        Assert.Throws<ArgumentException>(() => ModelEvaluator.Evaluate([], inputs, new MemorySamples(Samples)));
    }

    [Fact]
    public void What_is_no_number_agrees_with_no_class()
    {
        var expected = Build(static graph => Mul(graph, graph.Input("x", ElementType.Float32, 1, 4), [1, 0, 0, 0]));
        // 0/0 in all places but the first: the largest of what is left would be the first one.
        var other = Build(static graph => graph.Node("Div", [Mul(graph, graph.Input("x", ElementType.Float32, 1, 4), [1, 0, 0, 0]), graph.Initializer(TensorValue.From<float>([1, 0, 0, 0], 4))]));
        Assert.Equal(0, Evaluate(expected, other, AgreementKind.Classes).Agreeing);
        Assert.Equal(Samples, Evaluate(other, other, AgreementKind.Classes).Agreeing);
    }

    [Fact]
    public void Outputs_are_compared_by_their_names()
    {
        var expected = Two(isSwapped: false);
        Assert.Equal(Samples, Evaluate(expected, Two(isSwapped: true), AgreementKind.Outputs).Agreeing);
        var error = Assert.Throws<TensorMismatchException>(() => Evaluate(expected, Build(static graph => graph.Relu(graph.Input("x", ElementType.Float32, 1, 4))), AgreementKind.Outputs));
        Assert.Contains("Compare models of the same outputs", error.Message, StringComparison.Ordinal);
        Assert.Throws<TensorMismatchException>(() => Evaluate(Build(static graph => graph.Relu(graph.Input("x", ElementType.Float32, 1, 4))), Build(static graph => graph.Cast(graph.Input("x", ElementType.Float32, 1, 4), ElementType.Int64)), AgreementKind.Outputs));

        static OnnxModel Two(bool isSwapped)
        {
            var graph = new GraphBuilder();
            var x = graph.Input("x", ElementType.Float32, 1, 4);
            (string, Value)[] outputs = [("same", graph.Node("Identity", [x])), ("twice", Mul(graph, x, [2]))];
            foreach (var (name, value) in isSwapped ? outputs.Reverse() : outputs) graph.Output(value, name);
            return OnnxModel.Parse(graph.ToBytes());
        }
    }

    [Fact]
    public void A_model_that_is_slow_has_fewer_rounds_and_does_not_wait_for_a_fast_one()
    {
        var time = new StepTime();
        var (fast, slow) = (new ScriptedSession(time, TimeSpan.FromMilliseconds(1)), new ScriptedSession(time, TimeSpan.FromSeconds(1)));
        var times = SessionTiming.Of([fast, slow], static _ => [], new() { TimingRounds = 15, TimingBudget = TimeSpan.FromSeconds(0.5), TimeProvider = time }, default);
        Assert.Equal((0.001, 1), (times[0].Median, times[1].Median));
        // 3 of them to warm up.
        Assert.Equal((503, 6), (fast.Runs, slow.Runs));
    }

    private static Value Mul(GraphBuilder graph, Value value, float[] by) => graph.Node("Mul", [value, graph.Initializer(TensorValue.From<float>(by, by.Length))]);

    private static ModelScore Evaluate(Func<GraphBuilder, Value> define, int elements, AgreementKind kind) =>
        Evaluate(Build(graph => graph.Node("Mul", [graph.Input("x", ElementType.Float32, 1, elements), graph.Initializer(TensorValue.From<float>([1], 1))])), Build(define), kind);

    private static ModelScore Evaluate(OnnxModel expected, OnnxModel other, AgreementKind kind) =>
        ModelEvaluator.Evaluate([expected, other], PartitionedModel.From(expected).Plan.Inputs, new MemorySamples(Samples), options: new() { Agreement = kind, TimingRounds = 3, TimingBudget = default })[1];

    private static OnnxModel Build(Func<GraphBuilder, Value> define)
    {
        var graph = new GraphBuilder();
        graph.Output(define(graph), "y");
        return OnnxModel.Parse(graph.ToBytes());
    }
}
