using Google.Protobuf;
using SplitInfer.Models;
using SplitInfer.Models.Onnx;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Fuzzing.Files;

/// <summary>The reader of tensors in ONNX's format.</summary>
internal sealed class TensorTarget() : FileTarget("x.pb")
{
    public override string Name => "tensor";

    protected override IReadOnlyList<byte[]> Seeds { get; } =
    [
        .. ((ElementType[])[ElementType.Float32, ElementType.Int64, ElementType.UInt8, ElementType.Bool, ElementType.Float16]).Select(static type => TensorProtoWriter.Write(RandomTensor.Normal(new Random(1), type, 2, 3), "x").ToByteArray()),
        new TensorProto { Name = "typed", DataType = (int)ElementType.Float32, Dims = { 3 }, FloatData = { 1, 2, 3 } }.ToByteArray(),
        new TensorProto { Name = "typed", DataType = (int)ElementType.Int4, Dims = { 3 }, Int32Data = { 1, 2 } }.ToByteArray(),
        new TensorProto { Name = "typed", DataType = (int)ElementType.UInt64, Dims = { 2 }, Uint64Data = { 1, 2 } }.ToByteArray(),
        new TensorProto { Name = "text", DataType = (int)ElementType.Text, Dims = { 1 }, StringData = { ByteString.CopyFromUtf8("a") } }.ToByteArray(),
    ];

    public override bool Documents(Exception error) => error is InvalidTensorException;

    protected override string Read(string path)
    {
        using var tensor = TensorFile.Read(path, out _);
        return tensor.ToString();
    }
}
