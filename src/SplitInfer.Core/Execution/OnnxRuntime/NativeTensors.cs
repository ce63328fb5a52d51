using Microsoft.ML.OnnxRuntime;
using SplitInfer.Tensors;

namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>Makes native values of tensors, and tensors of native values.</summary>
internal static class NativeTensors
{
    /// <summary>A value over the memory of a tensor, which must outlive it; text is copied, since native strings have a form of their own.</summary>
    public static OrtValue Create(TensorValue tensor) => tensor.ElementType == ElementType.Text
        ? CreateText(tensor)
        : NativeView.Create(tensor);

    /// <summary>
    /// A tensor with a copy of what a value holds. Outputs whose shape is known in advance never come here. The others are copied, because
    /// memory of the native arena that tensors held on to would keep the arena from reusing it, and because what leaves a segment must lie
    /// in pooled memory like every other tensor.
    /// </summary>
    public static TensorValue Copy(OrtValue value)
    {
        var info = value.GetTensorTypeAndShape();
        var (type, shape) = ((ElementType)info.ElementDataType, new TensorShape(info.Shape));
        if (type == ElementType.Text) return TensorValue.From(value.GetStringTensorAsArray(), shape);
        var tensor = TensorValue.Allocate(type, shape);
        value.GetTensorMutableRawData()[..tensor.ByteLength].CopyTo(tensor.Bytes.Span);
        return tensor;
    }

    /// <summary>The bytes of a tensor's elements; none of text, which has no fixed size.</summary>
    public static long ByteSize(OrtValue value)
    {
        var info = value.GetTensorTypeAndShape();
        var type = (ElementType)info.ElementDataType;
        return type.HasFixedSize() ? type.ByteSize(info.ElementCount) : 0;
    }

    private static OrtValue CreateText(TensorValue tensor)
    {
        var value = OrtValue.CreateTensorWithEmptyStrings(OrtAllocator.DefaultInstance, tensor.Shape.Dimensions.ToArray());
        try
        {
            for (var i = 0; i < tensor.Text.Length; i++) value.StringTensorSetElementAt(tensor.Text[i].AsSpan(), i);
            return value;
        }
        catch
        {
            value.Dispose();
            throw;
        }
    }
}
