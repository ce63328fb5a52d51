using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace SplitInfer.Tensors;

/// <summary>Tensors as the values of ONNX Runtime and as the spans of System.Numerics.Tensors, and back.</summary>
public static class TensorViews
{
    // A native value holds only an address, so the block must be kept reachable as well.
    private static readonly ConditionalWeakTable<OrtValue, TensorBuffer> Blocks = [];

    /// <summary>A value of ONNX Runtime over the tensor's memory, without a copy.</summary>
    /// <returns>A value that the caller disposes. Its contents are undefined after the tensor is disposed.</returns>
    /// <exception cref="NotSupportedException">The elements are text, or of a type that ONNX Runtime's .NET API does not support.</exception>
    /// <exception cref="ObjectDisposedException">The tensor was disposed.</exception>
    public static OrtValue AsOrtValue(this TensorValue tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (tensor.ElementType == ElementType.Text || !tensor.ElementType.CanBeBound())
            throw new NotSupportedException($"A {tensor.ElementType.DisplayName()} tensor has no view as an {nameof(OrtValue)}. Copy its elements.");
        var value = NativeView.Create(tensor);
        Blocks.Add(value, tensor.Block);
        return value;
    }

    /// <summary>A tensor over the memory of a value of ONNX Runtime, without a copy; text is copied. Unlike those of other tensors, its spans are valid only while the tensor is held.</summary>
    /// <param name="value">The value. The tensor takes ownership, and disposes it when it is disposed itself.</param>
    /// <exception cref="InvalidTensorException">The value is not a dense tensor in the memory of the CPU, is over 2 GiB, or has elements of an unknown type. The caller then keeps ownership.</exception>
    public static unsafe TensorValue AsTensor(this OrtValue value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (!value.IsTensor) throw new InvalidTensorException($"The value is {value.OnnxType}, and only dense tensors can be taken over.");
        var info = value.GetTensorTypeAndShape();
        var (type, shape) = ((ElementType)info.ElementDataType, new TensorShape(info.Shape));
        if (type == ElementType.Text)
        {
            var text = TensorValue.From(value.GetStringTensorAsArray(), shape);
            value.Dispose();
            return text;
        }

        if (!type.CanBeBound()) throw new InvalidTensorException($"The value has elements of type {info.ElementDataType}, which are not known here.");
        using (var memory = value.GetTensorMemoryInfo())
        {
            if (memory.GetDeviceType() != OrtMemoryInfoDeviceType.CPU)
                throw new InvalidTensorException($"The value lies in the memory of {memory.Name}. Have it copied to the CPU first (OrtEnv.CopyTensors).");
        }

        if (type.ByteSize(shape.ElementCount) > TensorBufferPool.MaxBytes) throw new InvalidTensorException($"The value, {type.DisplayName()} {shape}, is over {TensorBufferPool.MaxBytes} bytes.");
        var bytes = value.GetTensorMutableRawData();
        var pointer = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(bytes));
        return TensorValue.View(type, shape, new TensorBuffer(pointer, new NativeMemory(pointer, bytes.Length, value).Memory, value), 0);
    }

    /// <summary>The elements with their dimensions, in place; valid until the tensor is disposed. A scalar is seen as one axis of one element.</summary>
    /// <exception cref="InvalidOperationException">The elements are not of size <c>sizeof(T)</c>.</exception>
    public static TensorSpan<T> AsTensorSpan<T>(this TensorValue tensor) where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return new(tensor.Span<T>(), Lengths(tensor.Shape));
    }

    /// <summary>The elements with their dimensions, in place, to be read; valid until the tensor is disposed.</summary>
    /// <exception cref="InvalidOperationException">The elements are not of size <c>sizeof(T)</c>.</exception>
    public static ReadOnlyTensorSpan<T> AsReadOnlyTensorSpan<T>(this TensorValue tensor) where T : unmanaged => tensor.AsTensorSpan<T>();

    /// <summary>A tensor with a copy of the elements of a span, with any strides: a span cannot be stored.</summary>
    /// <exception cref="NotSupportedException">No element type is held in <typeparamref name="T"/>.</exception>
    public static TensorValue ToTensor<T>(this scoped ReadOnlyTensorSpan<T> span) where T : unmanaged
    {
        var sizes = new long[span.Rank];
        for (var axis = 0; axis < sizes.Length; axis++) sizes[axis] = span.Lengths[axis];
        var tensor = TensorValue.Allocate(ElementTypes.Of<T>(), new(sizes));
        span.FlattenTo(tensor.Span<T>());
        return tensor;
    }

    private static nint[] Lengths(TensorShape shape)
    {
        if (shape.Rank == 0) return [1];
        var lengths = new nint[shape.Rank];
        for (var axis = 0; axis < lengths.Length; axis++) lengths[axis] = checked((nint)shape.Dimensions[axis]);
        return lengths;
    }
}
