using SplitInfer.Models;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Core.Tests.Partitioning;

/// <summary>Models that take too much when they are run to measure sizes.</summary>
public class MeasureLimitTests
{
    private readonly GraphBuilder _g = new();

    [Fact]
    public void A_run_whose_known_sizes_are_over_the_limit_does_not_take_place()
    {
        var x = _g.Relu(_g.Input("x", ElementType.Float32, "n"));
        _g.Output(_g.Cast(_g.Node("NonZero", [x]).Typed(ElementType.Int64), ElementType.Float32), "y");
        var sizes = new Dictionary<string, long> { ["n"] = 1 << 20 };

        Assert.Null(SplitRun.Plan(_g, new() { DimensionSizes = sizes }).Plan.MeasureFailure);
        var failure = SplitRun.Plan(_g, new() { DimensionSizes = sizes, MaxMeasureBytes = (8 << 20) - 1 }).Plan.MeasureFailure;

        Assert.Contains("MaxMeasureBytes", failure, StringComparison.Ordinal);
        Assert.Contains("DimensionSizes", failure, StringComparison.Ordinal);
    }

    [Fact]
    public void A_constant_that_a_run_would_compute_counts_as_well()
    {
        // 1 TiB, which nothing may allocate.
        var zeros = _g.Node("ConstantOfShape", [_g.Longs(1L << 38)]).Typed(ElementType.Float32);
        var x = _g.Cast(_g.Node("NonZero", [_g.Input("x", ElementType.Float32, 4)]).Typed(ElementType.Int64), ElementType.Float32);
        _g.Output(_g.Add(x, _g.Node("ReduceMax", [_g.Relu(zeros)], ("keepdims", 1))), "y");

        var model = SplitRun.Plan(_g);

        Assert.Contains($"takes at least {1L << 40} bytes", model.Plan.MeasureFailure, StringComparison.Ordinal);
        Assert.Contains("MaxMeasureBytes", model.NoSyntheticRunReason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_grows_beyond_what_was_known_is_stopped()
    {
        // 64 MiB for an input of 1, and then a loop that would go on for ever.
        var size = _g.Node("Mul", [_g.Input("size", ElementType.Int64, 1), _g.Longs(16 << 20)]).Typed(ElementType.Int64);
        var expanded = _g.Node("Expand", [_g.Input("x", ElementType.Float32, 1), size]);
        _g.Output(Endless(_g.Node("ReduceMax", [_g.Relu(expanded)], ("keepdims", 1))), "y");
        _g.Output(_g.Tanh(expanded), "z");

        var failure = SplitRun.Plan(_g, new() { MaxMeasureBytes = 16 << 20, MaxMeasureTime = TimeSpan.FromMinutes(5) }).Plan.MeasureFailure;

        Assert.Contains("took more memory", failure, StringComparison.Ordinal);
        Assert.Contains("MaxMeasureBytes", failure, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_does_not_end_is_stopped()
    {
        _g.Output(Endless(_g.Relu(_g.Input("x", ElementType.Float32, "n"))), "y");

        var failure = PartitionedModel.From(OnnxModel.Parse(_g.ToBytes(), source: "endless.onnx"), new() { MaxMeasureTime = TimeSpan.FromMilliseconds(100) }, SplitRun.Execution).Plan.MeasureFailure;

        Assert.StartsWith("endless.onnx: ", failure, StringComparison.Ordinal);
        Assert.Contains("MaxMeasureTime", failure, StringComparison.Ordinal);
    }

    [Fact]
    public void Why_a_model_does_not_run_names_the_file_and_what_can_be_given()
    {
        var x = _g.Input("x", ElementType.Float32, "n", 4);
        _g.Output(_g.Tanh(_g.Node("Reshape", [_g.Relu(x), _g.Longs(7, 11, 13)])), "y");

        var failure = PartitionedModel.From(OnnxModel.Parse(_g.ToBytes(), source: "demanding.onnx"), null, SplitRun.Execution).Plan.MeasureFailure;

        Assert.StartsWith("demanding.onnx: ", failure, StringComparison.Ordinal);
        Assert.Contains("SampleInputs", failure, StringComparison.Ordinal);
        Assert.Contains("DimensionSizes", failure, StringComparison.Ordinal);
    }

    [Fact]
    public void The_limit_must_be_positive() =>
        Assert.Contains("MaxMeasureBytes", Assert.Throws<ArgumentException>(() => new PlanOptions { MaxMeasureBytes = 0 }.Validate()).Message, StringComparison.Ordinal);

    [SharedTheory]
    [InlineData("odd/loop_2e62_iterations.onnx", "MaxMeasureTime")]
    [InlineData("odd/measure_bomb_tile.onnx", "SampleInputs")]
    [InlineData("made-up-inputs-message/needs_sense.onnx", "SampleInputs")]
    public void Models_that_were_met_are_planned_with_the_reason_that_they_were_not_measured(string file, string words)
    {
        var model = PartitionedModel.Load(SharedData.Case(file), new() { MaxMeasureTime = TimeSpan.FromMilliseconds(500) }, SplitRun.Execution);

        Assert.StartsWith(SharedData.Case(file), model.Plan.MeasureFailure, StringComparison.Ordinal);
        Assert.Contains(words, model.Plan.MeasureFailure, StringComparison.Ordinal);
        Assert.True(model.Plan.AllOnDevice.IsAdmissible);
        Assert.Equal(model.Plan.MeasureFailure, model.NoSyntheticRunReason);
    }

    private Value Endless(Value x)
    {
        var body = _g.Body("body");
        body.Input("i", ElementType.Int64);
        var go = body.Input("go", ElementType.Bool);
        var state = body.Input("state", x.Type);
        body.Output(body.Identity(go));
        body.Output(body.Tanh(state));
        return _g.Node("Loop", [_g.Constant(TensorValue.From(ElementType.Int64, new(), BitConverter.GetBytes(1L << 62))), null, x], ("body", body)).Typed(x.Type);
    }
}
