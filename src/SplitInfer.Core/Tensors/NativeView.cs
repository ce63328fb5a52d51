using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace SplitInfer.Tensors;

/// <summary>
/// A native value over a part of a <see cref="TensorBuffer"/>. The buffer keeps a few, so that a steady stream of requests, which gets the
/// same buffers for the same tensors again and again, makes none anew.
/// </summary>
/// <param name="value">The native value, owned by whoever holds the view.</param>
/// <param name="type">Type of the elements.</param>
/// <param name="shape">The dimensions.</param>
/// <param name="offset">Bytes before the first element.</param>
internal sealed class NativeView(OrtValue value, ElementType type, TensorShape shape, int offset) : IDisposable
{
    /// <summary>The native value.</summary>
    public OrtValue Value => value;

    /// <summary>A native value over the memory of a tensor, which must outlive it.</summary>
    public static unsafe OrtValue Create(TensorValue tensor) => OrtValue.CreateTensorValueWithData(
        OrtMemoryInfo.DefaultInstance, (TensorElementType)tensor.ElementType, tensor.Shape.ToArray(), (nint)tensor.Pointer, tensor.ByteLength);

    /// <summary>Whether this is a view of such a tensor at this place.</summary>
    public bool Is(ElementType otherType, TensorShape otherShape, int otherOffset) => offset == otherOffset && type == otherType && shape == otherShape;

    /// <inheritdoc/>
    public void Dispose() => value.Dispose();
}
