using Google.Protobuf;
using SplitInfer.Models.Onnx;

namespace SplitInfer.Testing;

/// <summary>Models as bytes.</summary>
internal static class ModelBytes
{
    public static byte[] Of(ModelProto model) => model.ToByteArray();

    public static ModelProto Read(string path) => ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));
}
