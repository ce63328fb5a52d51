using Google.Protobuf;
using SplitInfer.Models;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Core.Tests.Models;

public class MalformedFileTests
{
    private static readonly byte[] Valid = RandomDag.Build(seed: 3).ToBytes();

    [Fact]
    public void A_file_cut_short_anywhere_is_refused()
    {
        for (var length = 0; length < Valid.Length; length++)
        {
            var error = Assert.Throws<ModelFormatException>(() => ModelGraph.Of(OnnxModel.Parse(Valid[..length], source: "cut.onnx")));
            Assert.StartsWith("cut.onnx: ", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_file_with_flipped_bytes_is_read_or_refused_in_words() =>
        Sampled.Check(seed: 21, 3000, random =>
        {
            var bytes = Valid.ToArray();
            for (var flips = random.Next(1, 5); flips > 0; flips--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);

            ReadOrRefuse(bytes);
        });

    [Fact]
    public void A_file_with_bytes_missing_or_added_is_read_or_refused_in_words() =>
        Sampled.Check(seed: 22, 2000, random =>
        {
            var (from, length) = (random.Next(Valid.Length), random.Next(1, 40));
            var added = new byte[length];
            random.NextBytes(added);

            ReadOrRefuse([.. Valid[..from], .. random.Next(2) == 0 ? added : Valid[Math.Max(0, from - length)..from], .. Valid[from..]]);
            ReadOrRefuse([.. Valid[..from], .. Valid[Math.Min(Valid.Length, from + length)..]]);
        });

    [Fact]
    public void Random_bytes_are_refused() =>
        Sampled.Check(seed: 23, 2000, random =>
        {
            var bytes = new byte[random.Next(1, 300)];
            random.NextBytes(bytes);

            Assert.Throws<ModelFormatException>(() => OnnxModel.Parse(bytes));
        });

    [Theory]
    [InlineData("This is a README, not a model.")]
    [InlineData("<html><body>404</body></html>")]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 4")]
    [InlineData("\u0089PNG\r\n")]
    [InlineData("PK\u0003\u0004")]
    [InlineData("\0\0\0\0")]
    public void What_is_not_onnx_is_refused(string content) =>
        Assert.Throws<ModelFormatException>(() => OnnxModel.Parse(System.Text.Encoding.Latin1.GetBytes(content)));

    [Fact]
    public void An_empty_file_is_refused() =>
        Assert.Contains("empty", Assert.Throws<ModelFormatException>(() => OnnxModel.Parse([])).Message, StringComparison.Ordinal);

    [Fact]
    public void A_missing_file_is_named()
    {
        using var folder = new TestFolder();

        Assert.Contains("nothing.onnx", Assert.Throws<FileNotFoundException>(() => OnnxModel.Load(folder["nothing.onnx"])).Message, StringComparison.Ordinal);
        Assert.Throws<FileNotFoundException>(() => OnnxModel.Load(folder.Path));
    }

    [Fact]
    public void A_model_without_operator_sets_is_refused()
    {
        var model = FunctionNet.Build().Build();
        model.OpsetImport.Clear();

        Assert.Contains("opset_import", Assert.Throws<ModelFormatException>(() => OnnxModel.Parse(model.ToByteArray())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_error_says_which_field_and_where()
    {
        // graph (7), 2 bytes: node (1), that states 5 bytes where none are left.
        var error = Assert.Throws<ModelFormatException>(() => OnnxModel.Parse([0x08, 0x08, 0x3A, 0x02, 0x0A, 0x05]));

        Assert.Equal(4, error.Offset);
        Assert.Contains("'graph.node' states 5 bytes where 0 are left (byte 4)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_field_that_reaches_out_of_its_parent_is_refused()
    {
        // As above, with five bytes after the graph.
        var error = Assert.Throws<ModelFormatException>(() => OnnxModel.Parse([0x3A, 0x02, 0x0A, 0x05, 0x08, 0x08, 0x08, 0x08, 0x08]));

        Assert.Contains("'graph.node' states 5 bytes where 0 are left (byte 2)", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new byte[] { 0x00 }, "without a valid number")]
    [InlineData(new byte[] { 0x0B, 0x0C }, "wire type 3")]
    [InlineData(new byte[] { 0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01 }, "more than ten bytes")]
    [InlineData(new byte[] { 0x08, 0x80 }, "ends inside a number")]
    [InlineData(new byte[] { 0x09, 1, 2, 3 }, "ends inside a number")]
    [InlineData(new byte[] { 0x12, 1, 0xE9 }, "'producer_name' is text that is not UTF-8 (byte 0)")]
    [InlineData(new byte[] { 0x3A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01 }, "'graph' states 18446744073709551615 bytes")]
    public void Each_way_to_be_malformed_has_its_words(byte[] bytes, string words) =>
        Assert.Contains(words, Assert.Throws<ModelFormatException>(() => OnnxModel.Parse(bytes)).Message, StringComparison.Ordinal);

    [Fact]
    public void Packed_numbers_are_checked()
    {
        // graph, initializer (5), float_data (4) of 3 bytes; int64_data (7) that ends inside a number.
        Assert.Contains("packs 3 bytes of 4-byte numbers", Assert.Throws<ModelFormatException>(() => OnnxModel.Parse([0x3A, 7, 0x2A, 5, 0x22, 3, 0, 0, 0])).Message, StringComparison.Ordinal);
        Assert.Contains("int64_data' ends inside a number", Assert.Throws<ModelFormatException>(() => OnnxModel.Parse([0x3A, 5, 0x2A, 3, 0x3A, 1, 0x80])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Deep_nesting_is_refused_before_it_takes_the_stack()
    {
        byte[] nested = [];
        for (var depth = 0; depth < 5_000; depth++) nested = Delimited(4, Delimited(1, nested));

        Assert.Contains("nested too deeply", Assert.Throws<ModelFormatException>(() => OnnxModel.Parse(Delimited(7, Delimited(11, Delimited(2, nested))))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_of_many_tiny_parts_is_refused_before_memory_is_taken()
    {
        var bytes = Delimited(7, [.. Enumerable.Repeat<byte[]>([0x0A, 0x00], 100_000).SelectMany(static node => node)]);

        Assert.Contains("MaxParts", Assert.Throws<ModelFormatException>(() => OnnxModel.Parse(bytes, limits: new() { MaxParts = 50_000 })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_over_the_limit_is_refused() =>
        Assert.Contains("MaxFileBytes", Assert.Throws<ModelFormatException>(() => OnnxModel.Parse(Valid, limits: new() { MaxFileBytes = Valid.Length - 1 })).Message, StringComparison.Ordinal);

    [Fact]
    public void Unknown_fields_survive_in_segments()
    {
        // Field 1000 of the model and of the graph, as a later version of the format might have them.
        var bytes = FunctionNet.Build().Build();
        var graph = bytes.Graph.ToByteArray().Concat(Field1000("graph")).ToArray();
        bytes.Graph = null;
        byte[] file = [.. bytes.ToByteArray(), .. Field1000("model"), .. Delimited(7, graph)];

        var whole = Partitioning.SplitRun.Plan(file).Whole().ToBytes();

        foreach (var field in new[] { "graph", "model" })
            Assert.True(whole.AsSpan().IndexOf(Field1000(field)) >= 0, field);
    }

    private static void ReadOrRefuse(byte[] bytes)
    {
        try
        {
            ModelGraph.Of(OnnxModel.Parse(bytes));
        }
        catch (SplitInferException error) when (error is ModelFormatException or ModelNotSupportedException)
        {
            Assert.EndsWith(".", error.Message, StringComparison.Ordinal);
        }
    }

    private static byte[] Field1000(string text) => [0xC2, 0x3E, (byte)text.Length, .. System.Text.Encoding.UTF8.GetBytes(text)];

    private static byte[] Delimited(int field, byte[] content)
    {
        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream, leaveOpen: true))
        {
            output.WriteTag(field, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFrom(content));
        }

        return stream.ToArray();
    }
}
