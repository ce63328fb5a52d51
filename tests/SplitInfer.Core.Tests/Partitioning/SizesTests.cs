using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;
using Dim = SplitInfer.Models.Onnx.TensorShapeProto.Types.Dimension;

namespace SplitInfer.Core.Tests.Partitioning;

/// <summary>Sizes that a model leaves open.</summary>
public class SizesTests
{
    [Fact]
    public void A_symbol_of_an_input_is_kept_and_any_other_dimension_has_a_name_of_its_own()
    {
        var plan = SplitRun.Plan(AudioNet.Build()).Plan;
        var symbols = plan.Partitions.SelectMany(static p => p.Boundary).SelectMany(static b => b.Dimensions.Select((d, axis) => (d, own: $"{b.Name}#{axis}"))).Where(static s => !s.d.IsFixed).ToArray();

        Assert.Contains(symbols, static s => s.d.Symbol == "batch");
        Assert.Contains(symbols, static s => s.d.Symbol == s.own);
        Assert.All(symbols, static s => Assert.Contains(s.d.Symbol, new[] { "batch", "samples", s.own }));
    }

    [Fact]
    public void A_name_that_only_a_body_declares_is_not_kept()
    {
        var g = new GraphBuilder();
        var x = g.Input("x", ElementType.Float32, 2, 4);
        var (yes, no) = (Found("yes"), Found("no"));
        g.Output(g.Identity(g.Node("If", [g.Input("flag", ElementType.Bool)], ("then_branch", yes), ("else_branch", no)).Typed(ElementType.Int64)), "y");

        Assert.Equal("If_0_out#1", SplitRun.Plan(g).Plan.Partitions[1].Boundary.Single().Dimensions[1].Symbol);

        GraphBuilder Found(string name)
        {
            var body = g.Body(name);
            body.Output(body.Node("NonZero", [x]).Typed(ElementType.Int64));
            body.Graph.Output[0].Type.TensorType.Shape = new() { Dim = { new Dim { DimValue = 2 }, new Dim { DimParam = "many" } } };
            return body;
        }
    }

    [Fact]
    public void A_dimension_without_a_name_is_named_by_its_input_and_axis()
    {
        var g = new GraphBuilder();
        g.Output(g.Tanh(g.Relu(g.Input("x", ElementType.Float32, "", 4))), "y");

        Assert.Equal("x#0", SplitRun.Plan(g).Plan.Inputs[0].Dimensions[0].Symbol);
    }

    [Fact]
    public void An_input_may_declare_the_name_that_another_dimension_would_get()
    {
        var g = new GraphBuilder();
        var x = g.Input("x", ElementType.Float32, "t#0", 4);
        var rows = g.Node("NonZero", [g.Relu(x)]).Typed(ElementType.Int64);
        g.Output(g.Cast(g.Identity(rows), ElementType.Float32), "y");
        var model = g.Build();
        var nonZero = model.Graph.Node.Single(static n => n.OpType == "NonZero");
        model.Graph.Node.Single(static n => n.OpType == "Identity").Input[0] = nonZero.Output[0] = "t";
        using var input = TensorValue.From<float>([1, 0, 2, 0, 3, 4, 5, 6], 2, 4);

        Assert.Equal([0, 1, 2, 3, 4], SplitRun.CheckEveryCut(ModelBytes.Of(model), input));
    }

    [Fact]
    public void Sizes_can_be_given_by_symbol_and_by_input_and_axis()
    {
        var g = new GraphBuilder();
        var x = g.Input("x", ElementType.Float32, "rows", "");
        g.Output(g.Tanh(g.Relu(x)), "y");

        var plan = SplitRun.Plan(g, new() { DimensionSizes = new Dictionary<string, long> { ["rows"] = 7, ["x#1"] = 11 } }).Plan;

        Assert.Equal(7 * 11 * sizeof(float), plan.Partitions[1].BoundaryBytes);
        Assert.Equal(2 * 7 * 11, plan.AllOnDevice.Head.Other.Macs);
        Assert.Equal(SplitRun.Plan(g).Plan.Fingerprint, plan.Fingerprint);
    }

    [Fact]
    public void Sizes_can_be_given_by_sample_inputs()
    {
        using var sound = RandomTensor.Normal(new(1), ElementType.Float32, 3, 500);

        var plan = SplitRun.Plan(AudioNet.Build(), new() { SampleInputs = new Dictionary<string, TensorValue> { ["sound"] = sound } }).Plan;

        Assert.Equal(3 * 500 * sizeof(float), plan.AllOnServer.BoundaryBytes);
    }

    [Fact]
    public void A_size_or_a_sample_for_what_the_model_has_not_is_refused()
    {
        using var sound = RandomTensor.Normal(new(1), ElementType.Float32, 500);
        var sizes = new Dictionary<string, long> { ["smaples"] = 3 };

        Assert.Contains("batch, samples", Assert.Throws<ArgumentException>(() => SplitRun.Plan(AudioNet.Build(), new() { DimensionSizes = sizes })).Message, StringComparison.Ordinal);
        Assert.Throws<TensorMismatchException>(() => SplitRun.Plan(AudioNet.Build(), new() { SampleInputs = new Dictionary<string, TensorValue> { ["sound"] = sound } }));
        Assert.Throws<TensorMismatchException>(() => SplitRun.Plan(AudioNet.Build(), new() { SampleInputs = new Dictionary<string, TensorValue> { ["noise"] = sound } }));
    }

    [Fact]
    public void A_model_that_runs_on_one_size_only_is_tried_until_it_runs()
    {
        var g = new GraphBuilder();
        var x = g.Input("x", ElementType.Float32, "n", "m");
        g.Output(g.Tanh(g.Node("Reshape", [g.Relu(x), g.Longs(2, 2, 4, 32)])), "y");

        var plan = SplitRun.Plan(g).Plan;

        Assert.Null(plan.MeasureFailure);
        Assert.Equal(512 * sizeof(float), plan.AllOnServer.BoundaryBytes);
    }

    [Fact]
    public void The_batch_of_a_recurrent_state_is_guessed()
    {
        var g = new GraphBuilder();
        var (x, state) = (g.Input("x", ElementType.Float32, "", ""), g.Input("state", ElementType.Float32, 2, "", 64));
        g.Output(g.Tanh(g.Node("Concat", [g.Node("Reshape", [x, g.Longs(1, 1, 64)]), state], ("axis", 0))), "y");

        var plan = SplitRun.Plan(g).Plan;

        Assert.Null(plan.MeasureFailure);
        Assert.Equal((64 + 2 * 64) * sizeof(float), plan.AllOnServer.BoundaryBytes);
    }

    [Fact]
    public void A_model_that_does_not_run_is_planned_all_the_same_and_the_plan_says_so()
    {
        var g = new GraphBuilder();
        var x = g.Input("x", ElementType.Float32, "n", 4);
        g.Output(g.Tanh(g.Node("Reshape", [g.Relu(x), g.Longs(7, 11, 13)])), "y");

        var plan = SplitRun.Plan(g).Plan;

        Assert.Contains("SampleInputs", plan.MeasureFailure, StringComparison.Ordinal);
        Assert.All(plan.Partitions, static p => Assert.True(p.IsAdmissible));
    }

    [Fact]
    public void Sizes_beyond_any_memory_fail_the_measurement_and_not_the_plan()
    {
        var sizes = new Dictionary<string, long> { ["batch"] = long.MaxValue, ["samples"] = long.MaxValue };

        var plan = SplitRun.Plan(AudioNet.Build(), new() { DimensionSizes = sizes }).Plan;

        Assert.NotNull(plan.MeasureFailure);
        Assert.All(plan.Partitions, static p => Assert.InRange(p.BoundaryBytes, 0, long.MaxValue));
    }

    [Fact]
    public void Shapes_computed_from_fixed_shapes_are_fixed()
    {
        var g = new GraphBuilder();
        var x = g.Relu(g.Input("x", ElementType.Float32, 2, 3, 4));
        var rows = g.Node("Gather", [g.Shape(x), g.Longs(0)]).Typed(ElementType.Int64);
        g.Output(g.Node("Reshape", [x, g.Node("Concat", [rows, g.Longs(-1)], ("axis", 0))]), "y");

        Assert.Equal(new TensorShape(2, 12), SplitRun.Plan(g).Plan.Outputs[0].Shape);
    }

    [Fact]
    public void What_a_file_claims_of_other_values_than_inputs_is_not_believed()
    {
        var g = new GraphBuilder();
        var x = g.Input("x", ElementType.Float32, 1, "n");
        g.Output(g.Tanh(g.Node("NonZero", [g.Relu(x)]).Typed(ElementType.Int64) is var places ? g.Cast(places, ElementType.Float32) : x), "y");
        var model = g.Build();
        model.Graph.Output[0].Type.TensorType.Shape = new() { Dim = { new Dim { DimValue = 2 }, new Dim { DimParam = "n" } } };
        using var input = TensorValue.From<float>([0, 0, 3, 0, 0], 1, 5);

        SplitRun.CheckEveryCut(ModelBytes.Of(model), input);
        Assert.Equal("y#1", SplitRun.Plan(ModelBytes.Of(model)).Plan.Outputs[0].Dimensions[1].Symbol);
    }

    [Fact]
    public void Cuts_made_with_some_sizes_serve_others()
    {
        var model = SplitRun.Plan(AudioNet.Build());

        foreach (var samples in new[] { 40, 333, 4000 })
        {
            var sound = RandomTensor.Normal(new(samples), ElementType.Float32, 2, samples);
            var whole = SplitRun.Cut(model, model.Plan.AllOnDevice.Index, [sound]);
            foreach (var arm in model.Plan.Arms)
                Assert.True(TensorDifference.Between(whole[0], SplitRun.Cut(model, arm.Index, [sound])[0]).IsWithin(1e-4));
        }
    }
}
