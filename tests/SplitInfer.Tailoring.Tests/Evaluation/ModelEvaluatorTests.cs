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
        var score = ModelEvaluator.Evaluate([model], inputs, new MemorySamples(Samples), options: new() { Labels = [9, 9, 9, 9], TimingRounds = 3, TimingBudget = default })[0];
        Assert.Equal((0, 0.0), (score.Right, score.Top1));
        Assert.Throws<ArgumentException>(() => ModelEvaluator.Evaluate([model], inputs, new MemorySamples(Samples), options: new() { Labels = [1] }));
        Assert.Throws<ArgumentException>(() => ModelEvaluator.Evaluate([], inputs, new MemorySamples(Samples)));
    }

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
