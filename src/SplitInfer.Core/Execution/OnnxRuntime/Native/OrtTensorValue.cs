using System.Text;
using SplitInfer.Tensors;

namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>Turns tensors into native values and back.</summary>
internal static unsafe class OrtTensorValue
{
    /// <summary>A value over the memory of a tensor, which must outlive it; text is copied, since native strings have a form of their own.</summary>
    public static nint Borrow(OrtEnvironment environment, Tensor tensor) => tensor.ElementType == ElementType.Text
        ? CopyText(environment, tensor)
        : environment.Api.CreateTensorWithDataAsOrtValue(environment.CpuMemory, tensor.Pointer, tensor.ByteLength, tensor.Shape.Dimensions, tensor.ElementType);

    /// <summary>
    /// A tensor with a copy of what a value holds; null when an optional value is not there. Outputs whose shape is known beforehand
    /// never come here. The others are copied, because memory of the native arena that tensors held on to would keep the arena from
    /// reusing it, and because what leaves a segment must lie in pooled memory like every other tensor.
    /// </summary>
    /// <exception cref="EngineException">The value is not a tensor, or its elements are of a type that tensors here do not have.</exception>
    public static Tensor? Copy(OrtEnvironment environment, nint value, string name)
    {
        var api = environment.Api;
        if (!api.HasValue(value)) return null;
        var kind = api.GetValueType(value);
        if (kind != EngineValueKind.Tensor)
            throw new EngineException(EngineErrorCode.NotImplemented, $"output '{name}' is of kind {kind}; only tensors can be read.");
        var (type, shape) = Describe(api, value);
        if (type == ElementType.Text) return CopyText(api, value, shape);
        if (!type.HasFixedSize())
            throw new EngineException(EngineErrorCode.NotImplemented, $"output '{name}' has elements of type {(int)type}, which are not supported. Cast them in the model.");

        var tensor = Tensor.Allocate(type, shape);
        new ReadOnlySpan<byte>(api.GetTensorMutableData(value), tensor.ByteLength).CopyTo(tensor.Bytes.Span);
        return tensor;
    }

    private static (ElementType Type, TensorShape Shape) Describe(OrtApi api, nint value)
    {
        var info = api.GetTensorTypeAndShape(value);
        try
        {
            return (api.GetTensorElementType(info), new(api.GetDimensions(info)));
        }
        finally
        {
            api.Release(OrtObject.TensorInfo, info);
        }
    }

    private static nint CopyText(OrtEnvironment environment, Tensor tensor)
    {
        var api = environment.Api;
        var value = api.CreateTensorAsOrtValue(environment.Allocator, tensor.Shape.Dimensions, ElementType.Text);
        try
        {
            var text = tensor.Text;
            for (var i = 0; i < text.Length; i++)
            {
                var length = Encoding.UTF8.GetByteCount(text[i]);
                Encoding.UTF8.GetBytes(text[i], new Span<byte>(api.GetResizedStringTensorElementBuffer(value, i, length), length));
            }

            return value;
        }
        catch
        {
            api.Release(OrtObject.Value, value);
            throw;
        }
    }

    private static Tensor CopyText(OrtApi api, nint value, TensorShape shape)
    {
        var text = new string[checked((int)shape.ElementCount)];
        if (text.Length == 0) return Tensor.From(text, shape);
        var bytes = new byte[checked((int)api.GetStringTensorDataLength(value))];
        var starts = new nuint[text.Length];
        fixed (byte* first = bytes)
        fixed (nuint* start = starts)
            api.GetStringTensorContent(value, first, bytes.Length, start, starts.Length);
        for (var i = 0; i < text.Length; i++)
        {
            var end = i + 1 < text.Length ? (int)starts[i + 1] : bytes.Length;
            text[i] = Encoding.UTF8.GetString(bytes.AsSpan((int)starts[i]..end));
        }

        return Tensor.From(text, shape);
    }
}
