using Google.Protobuf;
using SplitInfer.Models;
using SplitInfer.Models.Onnx;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Core.Tests.Models;

public sealed class TensorProtoTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_is_written_is_read_back_for_every_type() => Sampled.Check(seed: 8, count: 200, random =>
    {
        var types = Enum.GetValues<ElementType>().Where(static t => t.HasFixedSize()).ToArray();
        using var tensor = RandomTensor.Bits(random, types[random.Next(types.Length)], Sampled.Shape(random));
        TensorProtoWriter.WriteFile(_folder["x.pb"], tensor, "x");
        using var read = TensorProtoReader.ReadFile(_folder["x.pb"], out var name);
        Assert.Equal("x", name);
        Assert.Equal(tensor.Shape, read.Shape);
        Assert.True(TensorDifference.Between(tensor, read).IsBitExact);
    });

    [Fact]
    public void Text_is_read_back()
    {
        using var tensor = TensorValue.From(["äöü", "", "日本"], new(3));
        using var read = TensorProtoReader.Read(TensorProtoWriter.Write(tensor, "t"));
        Assert.Equal(tensor.Text, read.Text);
    }

    [Fact]
    public void Typed_fields_are_read()
    {
        AssertBytes("0000803F00000040", new() { DataType = 1, Dims = { 2 }, FloatData = { 1, 2 } });
        AssertBytes("FF01", new() { DataType = (int)ElementType.Int8, Dims = { 2 }, Int32Data = { -1, 1 } });
        AssertBytes("003C00BE", new() { DataType = (int)ElementType.Float16, Dims = { 2 }, Int32Data = { 0x3C00, 0xBE00 } });
        AssertBytes("803F", new() { DataType = (int)ElementType.BFloat16, Dims = { 1 }, Int32Data = { 0x3F80 } });
        AssertBytes("0100", new() { DataType = (int)ElementType.Bool, Dims = { 2 }, Int32Data = { 1, 0 } });
        AssertBytes("2103", new() { DataType = (int)ElementType.Int4, Dims = { 3 }, Int32Data = { 0x21, 0x03 } });
        AssertBytes("FEFFFFFF", new() { DataType = (int)ElementType.UInt32, Dims = { 1 }, Uint64Data = { 0xFFFF_FFFE } });
        AssertBytes("FEFFFFFFFFFFFFFF", new() { DataType = (int)ElementType.UInt64, Dims = { 1 }, Uint64Data = { ulong.MaxValue - 1 } });
        AssertBytes("FFFFFFFFFFFFFFFF", new() { DataType = (int)ElementType.Int64, Int64Data = { -1 } });
        AssertBytes("000000000000F03F", new() { DataType = (int)ElementType.Float64, Dims = { 1 }, DoubleData = { 1 } });
        AssertBytes("0000803F00000040", new() { DataType = (int)ElementType.Complex64, Dims = { 1 }, FloatData = { 1, 2 } });
        AssertBytes("", new() { DataType = 1, Dims = { 0, 3 } });
    }

    [Fact]
    public void What_is_no_whole_tensor_is_refused_in_words()
    {
        AssertRefused("4 bytes", new() { DataType = 1, Dims = { 2 }, RawData = ByteString.CopyFrom(1, 2, 3, 4) });
        AssertRefused("0 bytes", new() { DataType = 1, Dims = { 1L << 40 } });
        AssertRefused("no tensor can have", new() { DataType = 1, Dims = { -1 } });
        AssertRefused("no tensor can have", new() { DataType = 1, Dims = { 1L << 40, 1L << 40 } });
        AssertRefused("element type 99", new() { DataType = 99, Dims = { 1 } });
        AssertRefused("no element type", new() { Dims = { 1 } });
        AssertRefused("2 strings", new() { DataType = 8, Dims = { 1 }, StringData = { ByteString.Empty, ByteString.Empty } });
        AssertRefused("another file", new() { DataType = 1, Dims = { 1 }, DataLocation = TensorProto.Types.DataLocation.External });
        AssertRefused("segment", new() { DataType = 1, Dims = { 1 }, Segment = new() { End = 1 } });
    }

    [Fact]
    public void A_truncated_file_is_refused()
    {
        using var tensor = TensorValue.From<float>([1, 2, 3]);
        TensorProtoWriter.WriteFile(_folder["x.pb"], tensor, "x");
        File.WriteAllBytes(_folder["y.pb"], File.ReadAllBytes(_folder["x.pb"])[..^2]);
        var error = Assert.Throws<InvalidTensorException>(() => TensorProtoReader.ReadFile(_folder["y.pb"], out _));
        Assert.Contains("y.pb", error.Message, StringComparison.Ordinal);
    }

    private static void AssertBytes(string expected, TensorProto proto)
    {
        using var tensor = TensorProtoReader.Read(proto);
        Assert.Equal(expected, Convert.ToHexString(tensor.Bytes.Span));
    }

    private static void AssertRefused(string because, TensorProto proto) =>
        Assert.Contains(because, Assert.Throws<InvalidTensorException>(() => TensorProtoReader.Read(proto)).Message, StringComparison.Ordinal);
}
