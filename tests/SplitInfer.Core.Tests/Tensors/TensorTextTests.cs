using System.Diagnostics;
using System.Reflection;
using SplitInfer.Tensors;

namespace SplitInfer.Core.Tests.Tensors;

public sealed class TensorTextTests
{
    [Fact]
    public void A_debugger_sees_the_first_elements()
    {
        using var few = TensorValue.From<float>([1.5f, float.NaN, -2], 1, 3);
        Assert.Equal("float32 1×3 [1.5, NaN, -2]", TensorText.Of(few));
        using var many = TensorValue.From<byte>([1, 2, 3, 4, 5, 6, 7, 8, 9], 9);
        Assert.Equal("uint8 9 [1, 2, 3, 4, 5, 6, 7, 8, …]", TensorText.Of(many));
        using var scalar = TensorValue.From<long>([-7]);
        Assert.Equal("int64 scalar [-7]", TensorText.Of(scalar));
        using var none = TensorValue.From<double>([], 0);
        Assert.Equal("float64 0 []", TensorText.Of(none));
        using var text = TensorValue.From(["cat", "dog"], new(2));
        Assert.Equal("text 2 [\"cat\", \"dog\"]", TensorText.Of(text));
    }

    [Fact]
    public void Packed_and_complex_elements_are_shown_whole()
    {
        using var nibbles = TensorValue.From(ElementType.Int4, new(3), [0xF1, 0x02]);
        Assert.Equal("int4 3 [1, -1, 2]", TensorText.Of(nibbles));
        using var complex = TensorValue.Allocate(ElementType.Complex64, new(1));
        complex.Bytes.Span.Clear();
        Assert.Equal("complex64 1 [0, 0]", TensorText.Of(complex));
    }

    [Fact]
    public void A_disposed_tensor_says_so_and_does_not_throw()
    {
        var tensor = TensorValue.From<float>([1, 2]);
        tensor.Dispose();
        Assert.Equal("float32 2, disposed", TensorText.Of(tensor));
    }

    [Fact]
    public void Every_element_type_is_shown()
    {
        foreach (var type in Enum.GetValues<ElementType>().Where(static t => t.HasFixedSize()))
        {
            using var tensor = TensorValue.Allocate(type, new(20));
            tensor.Bytes.Span.Clear();
            Assert.StartsWith($"{type.DisplayName()} 20 [0, 0, 0", TensorText.Of(tensor), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_debugger_is_told() =>
        Assert.Contains(nameof(TensorText), typeof(TensorValue).GetCustomAttribute<DebuggerDisplayAttribute>()!.Value, StringComparison.Ordinal);
}
