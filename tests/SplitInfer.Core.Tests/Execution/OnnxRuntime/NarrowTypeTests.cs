using SplitInfer.Core.Tests.Partitioning;
using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Core.Tests.Execution.OnnxRuntime;

/// <summary>Integers of 4 bits and floats of 8, which ONNX Runtime's .NET API cannot pass: a session that has one at an end cannot even be made.</summary>
public sealed class NarrowTypeTests
{
    private readonly GraphBuilder _g = new(opset: 21, irVersion: 10);

    public static TheoryData<ElementType> Types =>
        [ElementType.Int4, ElementType.UInt4, ElementType.Float8E4M3FN, ElementType.Float8E4M3FNUZ, ElementType.Float8E5M2, ElementType.Float8E5M2FNUZ];

    [Theory]
    [MemberData(nameof(Types))]
    public void Weights_may_be_of_any_of_them(ElementType type)
    {
        var x = _g.Input("x", ElementType.Float32, 4, 8);
        var weights = _g.Initializer(TensorValue.From(type, new(8), Enumerable.Repeat((byte)0x21, (int)type.ByteSize(8)).ToArray()));
        var wide = _g.Node("DequantizeLinear", [weights, _g.Scalar(ElementType.Float32, 0.5f)]).Typed(ElementType.Float32);
        _g.Output(_g.Relu(_g.Mul(_g.Relu(x), wide)), "y");

        // The weight of the tail is dequantised on both sides, so nothing narrow crosses.
        Assert.Equal([0, 1, 2, 3], SplitRun.CheckEveryCut(_g));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void A_value_of_one_of_them_does_not_cross(ElementType type)
    {
        var x = _g.Input("x", ElementType.Float32, 4, 8);
        var scale = _g.Scalar(ElementType.Float32, 0.5f);
        var narrow = _g.Node("QuantizeLinear", [_g.Relu(x), scale, _g.Constant(TensorValue.From(type, new(), [0]))]).Typed(type);
        _g.Output(_g.Relu(_g.Node("DequantizeLinear", [narrow, scale]).Typed(ElementType.Float32)), "y");

        Assert.Equal([0, 1, 3, 4], SplitRun.CheckEveryCut(_g));
        Assert.Contains($"has elements of type {type.DisplayName()}", SplitRun.Plan(_g).Plan.Partitions[2].InadmissibleReason, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void An_input_or_output_of_one_of_them_is_refused_in_words(ElementType type)
    {
        _g.Output(_g.Cast(_g.Input("narrow", type, 4), ElementType.Float32), "y");
        var output = new GraphBuilder(opset: 21, irVersion: 10);
        output.Output(output.Cast(output.Input("x", ElementType.Float32, 4), type), "narrow");

        foreach (var (g, what) in new[] { (_g, "input"), (output, "output") })
        {
            var error = Assert.Throws<ModelNotSupportedException>(() => SplitRun.Plan(g));
            Assert.Contains($"the {what} 'narrow' has elements of type {type.DisplayName()}", error.Message, StringComparison.Ordinal);
            Assert.Contains("Cast it in the model", error.Message, StringComparison.Ordinal);
            Assert.Throws<EngineException>(() => g.Load().Dispose());
        }
    }

    [Fact]
    public void A_matrix_of_4_bit_weights_multiplies()
    {
        const int Rows = 32, Columns = 16, Block = 32;
        var x = _g.Input("x", ElementType.Float32, 2, Rows);
        var random = new Random(1);
        var packed = new byte[Columns * Block / 2];
        random.NextBytes(packed);
        var weights = _g.Initializer(TensorValue.From(ElementType.UInt8, new(Columns, 1, Block / 2), packed));
        var scales = _g.Initializer(RandomTensor.Normal(random, ElementType.Float32, Columns));
        var product = _g.Nodes("com.microsoft", "MatMulNBits", [_g.Relu(x), weights, scales], 1, ("K", Rows), ("N", Columns), ("bits", 4), ("block_size", Block))[0];
        _g.Output(_g.Relu(product), "y");

        Assert.Equal([0, 1, 2, 3], SplitRun.CheckEveryCut(_g));
    }
}
