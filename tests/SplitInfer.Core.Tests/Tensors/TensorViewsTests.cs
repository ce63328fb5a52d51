using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime;
using SplitInfer.Tensors;

namespace SplitInfer.Core.Tests.Tensors;

public sealed class TensorViewsTests
{
    [Fact]
    public void A_tensor_is_seen_as_a_value_in_place()
    {
        using var tensor = TensorValue.From<float>([1, 2, 3, 4, 5, 6], 2, 3);
        using var value = tensor.AsOrtValue();

        Assert.Equal([2, 3], value.GetTensorTypeAndShape().Shape);
        value.GetTensorMutableDataAsSpan<float>()[5] = 7;
        Assert.Equal(7, tensor.Span<float>()[5]);
        tensor.Span<float>()[0] = 8;
        Assert.Equal(8, value.GetTensorDataAsSpan<float>()[0]);
    }

    [Fact]
    public void The_memory_of_a_value_outlives_a_tensor_that_nobody_holds()
    {
        using var value = Abandon();

        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();

        Assert.Equal(41, value.GetTensorDataAsSpan<float>()[99_999]);

        static OrtValue Abandon()
        {
            var tensor = TensorValue.Allocate(ElementType.Float32, new(100_000));
            tensor.Span<float>().Fill(41);
            return tensor.AsOrtValue();
        }
    }

    [Fact]
    public void A_value_becomes_a_tensor_in_place()
    {
        float[] elements = [1, 2, 3, 4];
        var tensor = OrtValue.CreateTensorValueFromMemory(elements, [2, 2]).AsTensor();

        Assert.Equal(ElementType.Float32, tensor.ElementType);
        Assert.Equal(new TensorShape(2, 2), tensor.Shape);
        tensor.Span<float>()[3] = 9;
        Assert.Equal(9, elements[3]);
        using (var second = tensor.Share())
        {
            tensor.Dispose();
            Assert.Equal(9, second.Span<float>()[3]);
            elements[0] = 5;
            Assert.Equal(5, second.Span<float>()[0]);
        }

        tensor.Dispose();
        Assert.Throws<ObjectDisposedException>(() => tensor.Bytes);
    }

    [Fact]
    public void Text_is_copied()
    {
        var value = OrtValue.CreateTensorWithEmptyStrings(OrtAllocator.DefaultInstance, [2]);
        value.StringTensorSetElementAt("one".AsSpan(), 0);

        using var tensor = value.AsTensor();

        Assert.Equal(["one", ""], tensor.Text);
        Assert.Throws<NotSupportedException>(() => tensor.AsOrtValue());
    }

    [Fact]
    public void What_is_no_dense_tensor_stays_the_callers()
    {
        using var value = OrtValue.CreateSequence([OrtValue.CreateTensorValueFromMemory(new float[1], [1])]);

        Assert.Throws<InvalidTensorException>(() => value.AsTensor());
        Assert.Equal(1, value.GetValueCount());
    }

    [Fact]
    public void A_scalar_is_seen_as_one_axis_of_one_element()
    {
        using var scalar = TensorValue.From<float>([3]);

        Assert.Equal(1, scalar.AsTensorSpan<float>().Rank);
        Assert.Equal(3, scalar.AsTensorSpan<float>()[0]);
    }

    [Theory]
    [InlineData(0L, 3L)]
    [InlineData(5L)]
    [InlineData(2L, 3L, 4L)]
    public void Spans_have_the_dimensions_of_the_tensor(params long[] sizes)
    {
        using var tensor = TensorValue.Allocate(ElementType.Int32, new(sizes));
        for (var i = 0; i < tensor.Span<int>().Length; i++) tensor.Span<int>()[i] = i;

        var span = tensor.AsTensorSpan<int>();
        using var copy = tensor.AsReadOnlyTensorSpan<int>().ToTensor();

        Assert.Equal(sizes.Length, span.Rank);
        Assert.Equal(tensor.Shape.ElementCount, span.FlattenedLength);
        Assert.Equal(tensor.Shape, copy.Shape);
        Assert.Equal(tensor.Span<int>().ToArray(), copy.Span<int>().ToArray());
    }

    [Fact]
    public void A_span_is_written_in_place_and_copied_by_its_strides()
    {
        using var tensor = TensorValue.From<float>([1, 2, 3, 4, 5, 6], 2, 3);
        var span = tensor.AsTensorSpan<float>();
        span[1, 2] = 60;

        using var column = ((ReadOnlyTensorSpan<float>)span)[.., 2..3].ToTensor();

        Assert.Equal(60, tensor.Span<float>()[5]);
        Assert.Equal(new TensorShape(2, 1), column.Shape);
        Assert.Equal([3f, 60], column.Span<float>().ToArray());
    }
}
