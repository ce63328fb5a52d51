using System.Runtime.InteropServices;
using Google.Protobuf;
using SplitInfer.Models.Onnx;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Surgery;

/// <summary>Tensors as a model file holds them.</summary>
internal static class TensorProtos
{
    /// <summary>A tensor of these elements.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="type">The type of the elements as the file says it, of the same size as <typeparamref name="T"/>.</param>
    /// <param name="elements">The elements, row by row.</param>
    /// <param name="dimensions">The dimensions; none for a scalar.</param>
    public static TensorProto Of<T>(string name, ElementType type, ReadOnlySpan<T> elements, params ReadOnlySpan<long> dimensions) where T : unmanaged
    {
        var tensor = new TensorProto { Name = name, DataType = (int)type, RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes(elements)) };
        foreach (var dimension in dimensions) tensor.Dims.Add(dimension);
        return tensor;
    }

    /// <summary>Bytes of the elements of a tensor by its type and dimensions.</summary>
    public static long ByteSize(TensorProto tensor) => ((ElementType)tensor.DataType).ByteSize(new TensorShape([.. tensor.Dims]).ElementCount);
}
