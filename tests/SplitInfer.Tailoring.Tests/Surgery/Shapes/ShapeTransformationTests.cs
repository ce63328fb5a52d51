using SplitInfer.Models;
using SplitInfer.Tailoring.Surgery;
using SplitInfer.Tailoring.Surgery.Shapes;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Execution;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Tailoring.Tests.Surgery.Shapes;

public sealed class ShapeTransformationTests
{
    private const ElementType Float = ElementType.Float32;

    [Fact]
    public void A_batch_gives_row_by_row_what_each_input_gives_alone()
    {
        var g = new GraphBuilder();
        var x = g.Relu(g.Conv(g.Input("x", Float, 1, 3, 8, 8), 8));
        var resized = g.Node("Resize", [x, null, null, g.Longs(1, 8, 16, 16)], ("mode", "nearest")).Shaped(1, 8, 16, 16);
        var rows = g.Reshape(g.Transpose(g.MaxPool(resized), 0, 2, 3, 1), 1, 64, 8);
        g.Output(g.Softmax(g.MatMul(rows, g.Transpose(rows, 0, 2, 1))), "attention");
        g.Output(g.Gemm(g.Reshape(x, 1, -1).Shaped(1, 512), 5), "scores");
        AssertFree(g.ToBytes());
    }

    [Theory]
    [InlineData("resnet18")]
    [InlineData("mobilenet_v2")]
    [InlineData("unet")]
    public void Networks_of_one_image_take_several(string name) => AssertFree(NetworkCatalog.All[name]().ToBytes());

    [SharedTheory]
    [InlineData("squeezenet_fp32.onnx")]
    [InlineData("ultraface-rfb-320.onnx")]
    [InlineData("mnist.onnx")]
    public void Real_models_of_one_image_take_several(string name) =>
        AssertFree(new Tailoring.Surgery.Normalization.Normalization().Apply(OnnxModel.Load(SharedData.Model(name))).Bytes.ToArray());

    [Theory]
    [InlineData(ElementType.UInt8)]
    [InlineData(ElementType.Float16)]
    [InlineData(ElementType.Float64)]
    [InlineData(ElementType.Bool)]
    public void What_takes_rows_together_is_refused_whatever_it_takes(ElementType type)
    {
        // The mean of all rows: of inputs that are all 0 it is what each gives alone.
        var g = new GraphBuilder();
        var x = g.Cast(g.Input("x", type, 1, 16), Float);
        g.Output(g.Sub(x, g.Node("ReduceMean", [x], ("axes", new long[] { 0 }))), "y");
        Assert.Contains("is not what it is alone", TransformationCheck.AssertRefused(g, new FreeBatch()), StringComparison.Ordinal);
    }

    [Fact]
    public void What_takes_rows_together_is_refused()
    {
        Assert.Contains("is not what it is alone", Refusal(static (g, x) => g.Sub(x, g.Node("ReduceMean", [x], ("axes", new long[] { 0 })))), StringComparison.Ordinal);
        Assert.Contains("no row for each input", Refusal(static (g, x) => g.Node("ReduceMean", [x], ("axes", new long[] { 0 }))), StringComparison.Ordinal);
        Assert.Contains("takes the first row only", Refusal(static (g, x) => g.Node("Slice", [x, g.Longs(0), g.Longs(1), g.Longs(0)])), StringComparison.Ordinal);
        Assert.Contains("does not run on a batch of 3", Refusal(static (g, x) => g.Gemm(g.Reshape(x, 2, 8), 3)), StringComparison.Ordinal);
        var wide = new GraphBuilder();
        wide.Output(wide.Relu(wide.Input("x", Float, 2, 4)), "y");
        Assert.Contains("'x' has 2 rows", TransformationCheck.AssertRefused(wide, new FreeBatch()), StringComparison.Ordinal);
    }

    [Fact]
    public void Images_of_another_size_are_pooled_over_their_whole_map()
    {
        var g = new GraphBuilder();
        var x = g.Relu(g.Conv(g.Input("x", Float, 1, 3, 32, 32), 8, stride: 2));
        g.Output(g.Gemm(g.Flatten(g.AveragePool(x, kernel: 16, stride: 1)), 5), "y");
        var proto = TransformationCheck.Proto(g.ToBytes());
        proto.Graph.Output[0].Type.TensorType.Shape = new() { Dim = { new Models.Onnx.TensorShapeProto.Types.Dimension { DimValue = 1 }, new Models.Onnx.TensorShapeProto.Types.Dimension { DimValue = 5 } } };
        var model = OnnxModel.Parse(Google.Protobuf.MessageExtensions.ToByteArray(proto));
        var transformed = new SmallerInput(20, 24).Apply(model);
        Assert.Contains("GlobalAveragePool", TransformationCheck.Operators(transformed));
        using var image = RandomTensor.Normal(new(1), Float, 1, 3, 20, 24);
        Assert.Equal([1, 5], PlainRun.Of(transformed.Bytes.ToArray(), ("x", image))[0].Shape.Dimensions.ToArray());
        Assert.Equal([1, 5], TransformationCheck.Proto(transformed.Bytes.ToArray()).Graph.Output[0].Type.TensorType.Shape.Dim.Select(static d => d.DimValue));
        // Of the same size it computes the same.
        var back = new SmallerInput(32, 32).Apply(transformed.Model);
        Assert.True(TransformationCheck.Difference(g.ToBytes(), back.Bytes.ToArray(), TransformationCheck.Inputs(g.ToBytes(), seed: 1)).IsWithin(1e-4));
    }

    [Fact]
    public void Where_the_size_shows_it_is_refused()
    {
        var flat = new GraphBuilder();
        flat.Output(flat.Gemm(flat.Flatten(flat.Conv(flat.Input("x", Float, 1, 3, 16, 16), 4)), 5), "y");
        Assert.Contains("does not run on images of this size", TransformationCheck.AssertRefused(flat, new SmallerInput(12, 12)), StringComparison.Ordinal);
        var map = new GraphBuilder();
        map.Output(map.Conv(map.Input("x", Float, 1, 3, 16, 16), 4), "y");
        Assert.Contains("the output 'y' would be", TransformationCheck.AssertRefused(map, new SmallerInput(12, 12)), StringComparison.Ordinal);
        Assert.Contains("has this size", TransformationCheck.AssertRefused(map, new SmallerInput(16, 16)), StringComparison.Ordinal);
        var text = new GraphBuilder();
        text.Output(text.Relu(text.Input("x", Float, 1, 16)), "y");
        Assert.Contains("does not have one input", TransformationCheck.AssertRefused(text, new SmallerInput(12, 12)), StringComparison.Ordinal);
    }

    [SharedFact]
    public void A_detector_with_anchors_is_refused() =>
        Assert.Throws<TransformationRefusedException>(static () => new SmallerInput(120, 160).Apply(new Tailoring.Surgery.Normalization.Normalization().Apply(OnnxModel.Load(SharedData.Model("ultraface-rfb-320.onnx"))).Model));

    private static void AssertFree(byte[] model)
    {
        var transformed = new FreeBatch().Apply(OnnxModel.Parse(model));
        var shape = TransformationCheck.Proto(model).Graph.Input[0].Type.TensorType.Shape.Dim.Select(static d => d.DimValue).ToArray();
        var name = TransformationCheck.Proto(model).Graph.Input[0].Name;
        foreach (var count in new[] { 1, 3, 5 })
        {
            using var batch = RandomTensor.Normal(new(count), Float, [count, .. shape[1..]]);
            var together = PlainRun.Of(transformed.Bytes.ToArray(), (name, batch));
            var bytes = batch.ByteLength / count;
            for (var row = 0; row < count; row++)
            {
                using var single = TensorValue.From(Float, new(shape), batch.Bytes.Span.Slice(row * bytes, bytes));
                var alone = PlainRun.Of(model, (name, single));
                for (var i = 0; i < alone.Length; i++)
                {
                    var size = together[i].ByteLength / count;
                    using var actual = TensorValue.From(Float, alone[i].Shape, together[i].Bytes.Span.Slice(row * size, size));
                    Assert.True(TensorDifference.Between(alone[i], actual).IsWithin(1e-4));
                }
            }
        }
    }

    private static string Refusal(Func<GraphBuilder, Value, Value> layer)
    {
        var g = new GraphBuilder();
        g.Output(layer(g, g.Input("x", Float, 1, 16)), "y");
        return TransformationCheck.AssertRefused(g, new FreeBatch());
    }
}
