using SplitInfer.Execution;
using SplitInfer.Execution.OnnxRuntime;
using SplitInfer.Tensors;

namespace SplitInfer.Core.Tests.Execution;

public sealed class ElementTypeTests
{
    public static TheoryData<ElementType> Supported =>
    [
        .. Enum.GetValues<ElementType>().Except([ElementType.Undefined, ElementType.Text, ElementType.Complex64, ElementType.Complex128]),
    ];

    [Theory]
    [MemberData(nameof(Supported))]
    public void Every_bit_passes_through(ElementType type)
    {
        using var session = OrtSession.Create(TinyModel.Identity(type, 3, 7), null, new());
        var expected = Bytes(type, 21);
        using var input = Tensor.From(type, new(3, 7), expected);

        var outputs = new Tensor?[1];
        session.Run([input], outputs);

        using var output = outputs[0]!;
        Assert.Equal(type, output.ElementType);
        Assert.Equal(new TensorShape(3, 7), output.Shape);
        Assert.Equal(expected, output.Bytes.ToArray());
        Assert.Equal(type, session.Inputs[0].ElementType);
    }

    [Theory]
    [MemberData(nameof(Supported))]
    public void Every_bit_passes_through_when_the_shape_is_known_only_afterwards(ElementType type)
    {
        using var session = OrtSession.Create(
            new TinyModel().Input("x", type, "N").Output("y", type, new object?[] { null }).Node("Identity", ["x"], ["y"]).ToBytes(), null, new());
        var expected = Bytes(type, 9);
        using var input = Tensor.From(type, new(9), expected);

        var outputs = new Tensor?[1];
        session.Run([input], outputs);

        using var output = outputs[0]!;
        Assert.Equal(new TensorShape(9), output.Shape);
        Assert.Equal(expected, output.Bytes.ToArray());
    }

    [Theory]
    [InlineData(ElementType.Complex64)]
    [InlineData(ElementType.Complex128)]
    public void What_the_engine_does_not_run_it_refuses_in_its_own_words(ElementType type)
    {
        var error = Assert.Throws<OnnxRuntimeException>(() => OrtSession.Create(TinyModel.Identity(type, 2), null, new()).Dispose());

        Assert.NotEqual(OnnxRuntimeErrorCode.None, error.Code);
        Assert.Contains("ONNX Runtime: ", error.Message, StringComparison.Ordinal);
    }

    // Counts up, within what the type can hold.
    private static byte[] Bytes(ElementType type, int count) =>
        [.. Enumerable.Range(0, (int)type.ByteSize(count)).Select(i => (byte)(type == ElementType.Bool ? i % 2 : type.BitWidth() == 4 ? i % 8 * 17 : i * 37))];
}
