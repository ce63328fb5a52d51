using System.Runtime.InteropServices;
using Google.Protobuf;
using SplitInfer.Models.Onnx;
using SplitInfer.Tensors;

namespace SplitInfer.Models;

/// <summary>Makes tensors of ONNX <c>TensorProto</c> messages, whichever of their fields holds the elements.</summary>
internal static class TensorProtoReader
{
    /// <summary>Reads a <c>.pb</c> file that holds one tensor.</summary>
    /// <param name="path">The file.</param>
    /// <param name="name">The name that the tensor has in the file; empty if it has none.</param>
    /// <exception cref="InvalidTensorException">The file holds no whole tensor.</exception>
    public static TensorValue ReadFile(string path, out string name)
    {
        using var file = PlainFile.Open(path);
        return ReadFile(file, path, out name);
    }

    /// <inheritdoc cref="ReadFile(string, out string)"/>
    public static TensorValue ReadFile(FileStream file, string path, out string name)
    {
        try
        {
            var proto = TensorProto.Parser.ParseFrom(file);
            name = proto.Name;
            return Read(proto);
        }
        catch (Exception error) when (error is InvalidProtocolBufferException or InvalidTensorException)
        {
            throw new InvalidTensorException($"'{path}' cannot be read as an ONNX tensor: {error.Message}", error);
        }
    }

    /// <summary>Makes a tensor with a copy of the elements.</summary>
    /// <exception cref="InvalidTensorException">The elements are missing, are more or fewer than the shape needs, lie in another file, or are of a type that is unknown.</exception>
    public static TensorValue Read(TensorProto proto)
    {
        if (proto.DataLocation == TensorProto.Types.DataLocation.External || proto.ExternalData.Count > 0)
            throw Invalid(proto, "lies in another file; read it through the model that refers to it.");
        if (proto.Segment is not null) throw Invalid(proto, "is one segment of a larger tensor, which is not read.");
        if (!Enum.IsDefined((ElementType)proto.DataType)) throw Invalid(proto, $"has element type {proto.DataType}, which is not known here.");

        var type = (ElementType)proto.DataType;
        var shape = ShapeOf(proto);
        if (type == ElementType.Text) return ReadText(proto, shape);
        if (!type.HasFixedSize()) throw Invalid(proto, "has no element type.");
        return ReadNumbers(proto, type, shape);
    }

    private static TensorValue ReadText(TensorProto proto, TensorShape shape) => proto.StringData.Count == shape.ElementCount
        ? TensorValue.From([.. proto.StringData.Select(static s => s.ToStringUtf8())], shape)
        : throw Invalid(proto, $"has {proto.StringData.Count} strings where its shape {shape} needs {shape.ElementCount}.");

    private static TensorValue ReadNumbers(TensorProto proto, ElementType type, TensorShape shape)
    {
        // The message is in memory already, so its elements bound what may be asked for.
        var available = proto.HasRawData ? proto.RawData.Length : TypedElements.ByteLength(proto, type);
        if (shape.ElementCount > int.MaxValue || type.ByteSize(shape.ElementCount) is var due && due != available)
            throw Invalid(proto, $"has {available} bytes of elements, which is not what a {type.DisplayName()} tensor of shape {shape} needs.");

        var tensor = TensorValue.Allocate(type, shape);
        if (proto.HasRawData) proto.RawData.Span.CopyTo(tensor.Bytes.Span);
        else TypedElements.Copy(proto, type, tensor.Bytes.Span);
        return tensor;
    }

    private static TensorShape ShapeOf(TensorProto proto)
    {
        try
        {
            return new(CollectionsMarshal.AsSpan([.. proto.Dims]));
        }
        catch (ArgumentOutOfRangeException error)
        {
            throw new InvalidTensorException($"Tensor '{proto.Name}' has shape [{string.Join(", ", proto.Dims)}], which no tensor can have.", error);
        }
    }

    private static InvalidTensorException Invalid(TensorProto proto, string what) => new($"Tensor '{proto.Name}' {what}");
}
