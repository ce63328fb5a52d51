using Google.Protobuf;
using SplitInfer.Models.Onnx;
using SplitInfer.Tensors;

namespace SplitInfer.Models;

/// <summary>Makes ONNX <c>TensorProto</c> messages of tensors.</summary>
internal static class TensorProtoWriter
{
    /// <summary>Makes a message with a copy of the elements.</summary>
    public static TensorProto Write(TensorValue tensor, string name)
    {
        var proto = new TensorProto { Name = name, DataType = (int)tensor.ElementType };
        proto.Dims.AddRange(tensor.Shape.Dimensions.ToArray());
        if (tensor.ElementType == ElementType.Text)
            proto.StringData.AddRange(tensor.Text.Select(ByteString.CopyFromUtf8));
        else
            proto.RawData = ByteString.CopyFrom(tensor.Bytes.Span);
        return proto;
    }

    /// <summary>Writes a <c>.pb</c> file that holds one tensor.</summary>
    public static void WriteFile(string path, TensorValue tensor, string name)
    {
        using var file = File.Create(path);
        Write(tensor, name).WriteTo(file);
    }
}
