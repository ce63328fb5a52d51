using SplitInfer.Tensors;
using SplitInfer.Testing;
using Normal = SplitInfer.Tailoring.Surgery.Normalization.Normalization;

namespace SplitInfer.Tailoring.Tests.Surgery.Normalization;

/// <summary>Each operator whose attributes, defaults or name changed from version 7 to 13.</summary>
public sealed class OperatorUpgradeTests
{
    private const ElementType Float = ElementType.Float32;

    private static readonly long[] Image = [1, 3, 4, 5];

    [Theory]
    [InlineData("Softmax", 7, null)]
    [InlineData("Softmax", 8, 0)]
    [InlineData("Softmax", 9, 1)]
    [InlineData("Softmax", 10, 2)]
    [InlineData("Softmax", 7, 3)]
    [InlineData("Softmax", 12, null)]
    [InlineData("Softmax", 11, -1)]
    [InlineData("Softmax", 12, -3)]
    [InlineData("LogSoftmax", 7, null)]
    [InlineData("LogSoftmax", 11, 2)]
    [InlineData("Hardmax", 9, null)]
    [InlineData("Hardmax", 12, 2)]
    public void Normalising_exponentials_take_all_dimensions_from_the_axis_on(string op, int opset, int? axis)
    {
        foreach (var shape in new long[][] { [3, 5], Image, [1, 1000, 1, 1] })
            if (axis is null || axis < shape.Length && axis >= -shape.Length)
                Check(opset, (g, x) => axis is { } given ? g.Node(op, [x], ("axis", given)) : g.Node(op, [x]), shape);
    }

    [Fact]
    public void An_axis_that_is_the_last_needs_no_other_shape() =>
        Assert.Equal(["Softmax"], TransformationCheck.Operators(Check(11, static (g, x) => g.Node("Softmax", [x], ("axis", -1)), Image)));

    [Theory]
    [InlineData(7)]
    [InlineData(10)]
    public void Bounds_of_Clip_become_inputs_those_that_are_left_out_as_well(int opset)
    {
        Check(opset, static (g, x) => g.Node("Clip", [x], ("min", -0.5f), ("max", 0.25f)), Image);
        Check(opset, static (g, x) => g.Node("Clip", [x], ("max", 0.25f)), Image);
        Check(opset, static (g, x) => g.Node("Clip", [x], ("min", 0.25f)), Image);
        Check(opset, static (g, x) => g.Node("Clip", [x]), Image);
    }

    [Fact]
    public void Constants_are_of_the_type_of_the_data()
    {
        var g = new GraphBuilder(opset: 10);
        var x = g.Input("x", Float, 2, 4);
        g.Output(g.Cast(g.Node("Pad", [g.Cast(x, ElementType.Float64)], ("pads", new long[] { 0, 1, 0, 2 }), ("value", 3f)), Float), "y");
        TransformationCheck.AssertSame(g.ToBytes(), new Normal());
    }

    [Theory]
    [InlineData("constant")]
    [InlineData("edge")]
    [InlineData("reflect")]
    public void Pads_become_an_input(string mode)
    {
        Check(7, (g, x) => mode == "constant" ? g.Node("Pad", [x], ("pads", new long[] { 0, 0, 1, 2, 0, 0, 2, 1 }), ("value", 0.75f)) : g.Node("Pad", [x], ("mode", mode), ("pads", new long[] { 0, 0, 1, 2, 0, 0, 2, 1 })), Image);
        Check(10, (g, x) => g.Node("Pad", [x], ("mode", mode), ("pads", new long[] { 0, 0, -1, 2, 0, 0, 2, -1 })), Image);
    }

    [Theory]
    [InlineData(7)]
    [InlineData(9)]
    public void Bounds_of_Slice_become_inputs(int opset)
    {
        Check(opset, static (g, x) => g.Node("Slice", [x], ("starts", new long[] { 1, -3 }), ("ends", new long[] { 1000, -1 }), ("axes", new long[] { 1, 3 })), Image);
        Check(opset, static (g, x) => g.Node("Slice", [x], ("starts", new long[] { 0, 1 }), ("ends", new long[] { 1, 2 })), Image);
    }

    [Theory]
    [InlineData(7)]
    [InlineData(9)]
    [InlineData(10)]
    public void K_of_TopK_becomes_an_input(int opset) => Check(opset, (g, x) =>
    {
        var top = opset < 10 ? g.Nodes("", "TopK", [x], 2, ("k", 2), ("axis", 2)) : g.Nodes("", "TopK", [x, g.Longs(2)], 2, ("axis", 2));
        g.Output(top[1].Typed(ElementType.Int64));
        return top[0];
    }, Image);

    [Theory]
    [InlineData(7)]
    [InlineData(12)]
    public void Axes_and_sizes_become_inputs(int opset)
    {
        Check(opset, static (g, x) => g.Node("Squeeze", [x], ("axes", new long[] { 0 })), Image);
        Check(opset, static (g, x) => g.Node("Squeeze", [x]), Image);
        Check(opset, static (g, x) => g.Node("Unsqueeze", [x], ("axes", new long[] { 0, 4 })), Image);
        Check(opset, static (g, x) => g.Node("ReduceSum", [x], ("axes", new long[] { 1, 3 }), ("keepdims", 0)), Image);
        Check(opset, static (g, x) => g.Node("ReduceSum", [x]), Image);
        Check(opset, static (g, x) => Both(g, g.Nodes("", "Split", [x], 2, ("axis", 3), ("split", new long[] { 1, 4 }))), Image);
        Check(opset, static (g, x) => Both(g, g.Nodes("", "Split", [x], 2, ("axis", 2))), Image);
    }

    [Theory]
    [InlineData(7, "nearest", 2f, 3f)]
    [InlineData(7, "linear", 2f, 1.5f)]
    [InlineData(8, "nearest", 1.5f, 1f)]
    public void Upsample_becomes_Resize(int opset, string mode, float rows, float columns) =>
        Check(opset, (g, x) => g.Node("Upsample", [x], ("mode", mode), ("scales", new float[] { 1, 1, rows, columns })), Image);

    [Theory]
    [InlineData("Upsample", 9, "nearest", 1.7f, 2f)]
    [InlineData("Resize", 10, "nearest", 1.7f, 2f)]
    [InlineData("Resize", 10, "nearest", 0.6f, 0.6f)]
    [InlineData("Resize", 10, "nearest", 1f, 0.4f)]
    [InlineData("Resize", 10, "linear", 0.6f, 0.6f)]
    [InlineData("Resize", 10, "linear", 1.7f, 0.6f)]
    public void Resizing_rounds_coordinates_as_it_did(string op, int opset, string mode, float rows, float columns) =>
        Check(opset, (g, x) => g.Node(op, [x, g.Initializer(TensorValue.From<float>([1, 1, rows, columns], 4))], ("mode", mode)), Image);

    [Fact]
    public void Resizing_that_cannot_be_said_is_refused()
    {
        Assert.Contains("makes one axis larger and another smaller", Refusal(10, static (g, x) => g.Node("Resize", [x, g.Initializer(TensorValue.From<float>([1, 1, 2, 0.5f], 4))])), StringComparison.Ordinal);
        Assert.Contains("computes its scales", Refusal(10, static (g, x) => g.Node("Resize", [x, g.Input("scales", Float, 4)])), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(7)]
    [InlineData(10)]
    [InlineData(12)]
    public void Dropout_goes_unless_its_mask_is_read(int opset)
    {
        Assert.Equal(["Relu"], TransformationCheck.Operators(Check(opset, static (g, x) => g.Relu(g.Node("Dropout", [x])), Image)));
        Assert.Equal(["Relu"], TransformationCheck.Operators(Check(opset, static (g, x) => g.Relu(g.Nodes("", "Dropout", [x], 2)[0]), Image)));
        if (opset < 12) Assert.Contains("yields its mask", Refusal(opset, (g, x) => g.Output(g.Nodes("", "Dropout", [x], 2)[1].Typed(opset < 10 ? Float : ElementType.Bool))), StringComparison.Ordinal);
    }

    [Fact]
    public void Images_are_scaled_and_cropped_by_operators_that_still_exist()
    {
        Check(7, static (g, x) => g.Node("ImageScaler", [x], ("scale", 2f), ("bias", new float[] { 1, -2, 3 })), Image);
        Check(7, static (g, x) => g.Node("Affine", [x], ("alpha", 2f), ("beta", -1f)), Image);
        Check(7, static (g, x) => g.Node("Crop", [x], ("border", new long[] { 1, 0, 2, 1 })), Image);
        Check(7, static (g, x) => g.Node("Crop", [x], ("border", new long[] { 1, 2, 0, 0 }), ("scale", new long[] { 2, 3 })), Image);
    }

    [Fact]
    public void Scatter_got_another_name() => Check(9, static (g, x) =>
        g.Node("Scatter", [x, g.Initializer(TensorValue.From<long>([0, 2, 1], 1, 1, 1, 3)), g.Draw(Float, 0, 1, 1, 1, 1, 3)], ("axis", 2)), Image);

    [Fact]
    public void Bodies_are_raised_as_well()
    {
        Check(9, static (g, x) =>
        {
            var positive = g.Node("Greater", [g.Node("ReduceMax", [x], ("keepdims", 0)), g.Scalar(Float, 0)]).Typed(ElementType.Bool);
            var (yes, no) = (g.Body("yes"), g.Body("no"));
            yes.Output(yes.Node("Softmax", [yes.Node("Clip", [x], ("min", 0f))]));
            no.Output(no.Node("Slice", [x], ("starts", new long[] { 0 }), ("ends", new long[] { 3 }), ("axes", new long[] { 1 })));
            return g.Node("If", [positive], ("then_branch", yes), ("else_branch", no)).Typed(Float);
        }, Image);
        Check(10, static (g, x) =>
        {
            var body = g.Body("body");
            body.Input("i", ElementType.Int64);
            var go = body.Input("go", ElementType.Bool);
            var state = body.Input("state", Float, 1, 3, 4, 5);
            body.Output(body.Node("Identity", [go]));
            body.Output(body.Node("Clip", [body.Add(state, x)], ("max", 1.5f)));
            return g.Nodes("", "Loop", [g.Scalar(ElementType.Int64, 3), g.Scalar(ElementType.Bool, 1), x], 1, ("body", body))[0].Typed(Float);
        }, Image);
    }

    [Theory]
    [InlineData("spatial")]
    [InlineData("outputs")]
    public void Batch_normalisation_that_is_more_than_that_is_refused(string what) => Assert.Contains("trains, or normalises by element", Refusal(what == "spatial" ? 7 : 8, (g, x) =>
    {
        Value?[] inputs = [x, g.Draw(Float, 1, 0, 3), g.Draw(Float, 0, 1, 3), g.Draw(Float, 0, 1, 3), g.Draw(Float, 1, 0, 3)];
        return what == "spatial" ? g.Node("BatchNormalization", inputs, ("spatial", 0)) : g.Nodes("", "BatchNormalization", inputs, 5)[0];
    }), StringComparison.Ordinal);

    [Fact]
    public void What_is_not_known_to_mean_the_same_is_refused_by_name()
    {
        Assert.Contains("Cast 'y' of version 8 names its type in words", Refusal(8, static (g, x) => g.Node("Cast", [x], ("to", "FLOAT"))), StringComparison.Ordinal);
        Assert.Contains("had a batch of its own", Refusal(8, static (g, x) => g.Node("Scan", [null, x])), StringComparison.Ordinal);
        Assert.Contains("ParametricSoftplus 'y' of version 8 is not known", Refusal(8, static (g, x) => g.Node("ParametricSoftplus", [x], ("alpha", 2f), ("beta", 1f))), StringComparison.Ordinal);
    }

    [Fact]
    public void Nodes_that_lack_inputs_or_outputs_are_refused()
    {
        foreach (var op in (string[])["Affine", "Clip", "Crop", "Dropout", "ImageScaler", "Pad", "ReduceSum", "Resize", "Scatter", "Slice", "Softmax", "Split", "Squeeze", "TopK", "Upsample"])
        {
            foreach (var lack in (string[])["input", "output"])
            {
                var proto = TransformationCheck.Proto(Model(op == "Resize" ? 10 : 7, (g, x) =>
                {
                    g.Node(op, [x], ("border", new long[] { 1, 0, 2, 1 }), ("min", 1f), ("axes", new long[] { 0 }), ("starts", new long[] { 0 }), ("ends", new long[] { 1 }), ("pads", new long[8]), ("split", new long[] { 3 }));
                    return g.Relu(x);
                }, Image).ToBytes());
                var node = proto.Graph.Node.Single(n => n.OpType == op);
                (lack == "input" ? node.Input : node.Output).Clear();
                using var bytes = new MemoryStream();
                Google.Protobuf.MessageExtensions.WriteTo(proto, bytes);
                var refusal = Assert.Throws<Tailoring.Surgery.TransformationRefusedException>(() => new Normal().Apply(Models.OnnxModel.Parse(bytes.ToArray())));
                Assert.Contains($"{op} ", refusal.Reason, StringComparison.Ordinal);
            }
        }

        Assert.Contains("has no scales", Refusal(9, static (g, x) => g.Node("Upsample", [x])), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(6)]
    [InlineData(1)]
    public void Versions_in_which_shapes_were_broadcast_otherwise_are_refused(int opset) =>
        Assert.Contains($"its operators are of version {opset}, before 7", Refusal(opset, static (g, x) => g.Relu(x)), StringComparison.Ordinal);

    private static Tailoring.Surgery.TransformedModel Check(int opset, Func<GraphBuilder, Value, Value> layer, long[] shape)
    {
        var transformed = TransformationCheck.AssertSame(Model(opset, layer, shape).ToBytes(), new Normal());
        Assert.Equal(13, TransformationCheck.Proto(transformed.Bytes).OpsetImport.Single(static o => o.Domain == "").Version);
        return transformed;
    }

    private static string Refusal(int opset, Func<GraphBuilder, Value, Value> layer) => TransformationCheck.AssertRefused(Model(opset, layer, Image), new Normal());

    private static GraphBuilder Model(int opset, Func<GraphBuilder, Value, Value> layer, long[] shape)
    {
        var g = new GraphBuilder(opset: opset);
        var x = g.Input("x", Float, [.. shape.Select(static size => (Axis)size)]);
        g.Output(layer(g, x), "y");
        return g;
    }

    private static Value Both(GraphBuilder g, Value[] parts)
    {
        g.Output(parts[1]);
        return parts[0];
    }
}
