using Google.Protobuf;
using SplitInfer.Models;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Core.Tests.Partitioning;

/// <summary>Values that cannot travel.</summary>
public class UncrossableTests
{
    private readonly GraphBuilder _g = new();

    [Fact]
    public void A_sequence_does_not_cross()
    {
        var x = _g.Input("x", ElementType.Float32, 2, 8);
        var parts = _g.Node("SplitToSequence", [_g.Relu(x)], ("axis", 1), ("keepdims", 1));
        _g.Output(_g.Tanh(_g.Node("ConcatFromSequence", [parts], ("axis", 1))), "y");

        Assert.Equal([0, 1, 3, 4], SplitRun.CheckEveryCut(_g));
        Assert.Contains("is a sequence", SplitRun.Plan(_g).Plan.Partitions[2].InadmissibleReason, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => SplitRun.Plan(_g).Tail(2));
    }

    [Fact]
    public void An_optional_value_does_not_cross()
    {
        var x = _g.Input("x", ElementType.Float32, 2, 8);
        _g.Output(_g.Tanh(_g.Node("OptionalGetElement", [_g.Node("Optional", [_g.Relu(x)])])), "y");

        Assert.Equal([0, 1, 3, 4], SplitRun.CheckEveryCut(_g));
        Assert.Contains("is optional", SplitRun.Plan(_g).Plan.Partitions[2].InadmissibleReason, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_stays_on_the_device()
    {
        var words = _g.Input("words", ElementType.Text, 3);
        var x = _g.Input("x", ElementType.Float32, 3);
        var numbers = _g.Cast(words, ElementType.Float32);
        _g.Output(_g.Add(_g.Relu(numbers), x), "y");
        _g.Output(_g.Identity(words), "again");
        using var text = TensorValue.From(["1", "2.5", "-3"], new(3));
        using var three = TensorValue.From<float>([1, 2, 3]);

        Assert.Equal([1, 2, 3], SplitRun.CheckEveryCut(_g, text, three));
        var plan = SplitRun.Plan(_g).Plan;
        Assert.Equal(["again"], plan.DeviceOutputs.AsEnumerable());
        Assert.Equal("'words' crosses the cut and is text", plan.Partitions[0].InadmissibleReason);
    }

    [Fact]
    public void Text_that_would_come_back_is_made_on_the_device()
    {
        var x = _g.Input("x", ElementType.Float32, 3);
        _g.Output(_g.Cast(_g.Relu(x), ElementType.Text), "words");

        Assert.Equal([0, 1], SplitRun.CheckEveryCut(_g));
        var plan = SplitRun.Plan(_g).Plan;
        Assert.Equal(["words"], plan.DeviceOutputs.AsEnumerable());
        Assert.Equal(ElementType.Float32, plan.Outputs.Single().Type);
    }

    [Fact]
    public void A_model_that_takes_or_yields_a_sequence_is_refused()
    {
        var x = _g.Input("x", ElementType.Float32, 2, 8);
        var y = _g.Output(_g.Node("SplitToSequence", [x], ("axis", 1)), "parts");
        var model = _g.Build();
        model.Graph.Output[0].Type = new() { SequenceType = new() { ElemType = new() { TensorType = new() { ElemType = 1 } } } };

        var error = Assert.Throws<ModelNotSupportedException>(() => SplitRun.Plan(model.ToByteArray()));
        Assert.Contains("the output 'parts' is a sequence", error.Message, StringComparison.Ordinal);
        Assert.NotNull(y);
    }

    [Fact]
    public void A_value_of_unknown_rank_crosses()
    {
        var plan = SplitRun.Plan(OfAnyRank()).Plan;

        Assert.False(plan.Partitions[2].Boundary.Single().IsRanked);
        Assert.Equal([0, 1, 2, 3], SplitRun.CheckEveryCut(OfAnyRank()));
    }

    [Fact]
    public void A_plan_is_the_same_whatever_the_samples()
    {
        var made = SplitRun.Plan(OfAnyRank()).Plan;
        using var wrong = TensorValue.From<long>([5, 5, 5]);
        using var right = TensorValue.From<long>([1, 1, 1, 1]);
        var failed = SplitRun.Plan(OfAnyRank(), new() { SampleInputs = new Dictionary<string, TensorValue> { ["shape"] = wrong } }).Plan;
        var measured = SplitRun.Plan(OfAnyRank(), new() { SampleInputs = new Dictionary<string, TensorValue> { ["shape"] = right } }).Plan;

        Assert.NotNull(failed.MeasureFailure);
        Assert.Null(measured.MeasureFailure);
        Assert.Equal(made.Fingerprint, failed.Fingerprint);
        Assert.Equal(made.Fingerprint, measured.Fingerprint);
    }

    [Fact]
    public void A_cut_whose_size_nothing_tells_is_no_arm()
    {
        using var wrong = TensorValue.From<long>([5, 5, 5]);
        var plan = SplitRun.Plan(OfAnyRank(), new() { SampleInputs = new Dictionary<string, TensorValue> { ["shape"] = wrong } }).Plan;

        Assert.True(plan.Partitions[2].IsAdmissible);
        Assert.False(plan.Partitions[2].IsArm);
    }

    /// <summary>x reshaped to a shape that is an input itself.</summary>
    private static byte[] OfAnyRank()
    {
        var g = new GraphBuilder();
        var x = g.Input("x", ElementType.Float32, 1, 1);
        var shape = g.Input("shape", ElementType.Int64, "rank");
        g.Output(g.Tanh(g.Node("Reshape", [g.Relu(x), shape])), "y");
        return g.ToBytes();
    }
}
