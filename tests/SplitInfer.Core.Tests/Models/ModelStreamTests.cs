using SplitInfer.Core.Tests.Partitioning;
using SplitInfer.Models;
using SplitInfer.Partitioning;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Core.Tests.Models;

/// <summary>Models that are no files: bytes, and streams with and without a known length.</summary>
public sealed class ModelStreamTests
{
    private static readonly byte[] Bytes = FunctionNet.Build().ToBytes();

    [Fact]
    public void A_model_of_bytes_has_the_plan_of_the_file()
    {
        using var folder = new TestFolder();
        File.WriteAllBytes(folder["model.onnx"], Bytes);
        var file = PartitionedModel.Load(folder["model.onnx"], null, SplitRun.Execution);
        byte[] larger = [0xFF, .. Bytes, 0xFF];
        var bytes = PartitionedModel.Load(larger.AsMemory(1, Bytes.Length), null, SplitRun.Execution, "embedded");
        Assert.Equal(file.Plan.Fingerprint, bytes.Plan.Fingerprint);
        Assert.Equal(file.Plan.Model, bytes.Plan.Model);
        Assert.Equal("embedded", bytes.Source);
    }

    [Fact]
    public void Bytes_may_change_once_the_model_was_read()
    {
        var bytes = Bytes.ToArray();
        var model = PartitionedModel.Load(bytes, null, SplitRun.Execution);
        bytes.AsSpan().Fill(0xFF);
        Assert.Single(SplitRun.Cut(model, 1, model.MakeInputs(seed: 1)));
    }

    [Theory]
    [InlineData(true, int.MaxValue)]
    [InlineData(false, int.MaxValue)]
    [InlineData(false, 7)]
    public void A_model_is_read_from_the_position_of_any_stream_to_its_end(bool canSeek, int mostAtOnce)
    {
        using var stream = new OddStream([1, 2, 3, .. Bytes], canSeek, mostAtOnce);
        stream.ReadExactly(new byte[3]);
        Assert.Equal(OnnxModel.Parse(Bytes).Fingerprint, PartitionedModel.Load(stream, null, SplitRun.Execution).Plan.Model);
        Assert.True(stream.CanRead, "The stream stays open.");
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData((1 << 20) - 1, 1)]
    [InlineData(1 << 20, 1)]
    [InlineData((1 << 20) + 1, 0)]
    [InlineData(5_000_000, 1)]
    public void Every_byte_of_a_stream_is_read(int length, int canSeek)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        using var stream = new OddStream(bytes, canSeek == 1, 65_536);
        Assert.True(ModelStream.ReadToEnd(stream, static _ => { }).Span.SequenceEqual(bytes));
        using var forward = new OddStream(bytes, canSeek: false, int.MaxValue);
        Assert.True(ModelStream.ReadToEnd(forward, static _ => { }).Span.SequenceEqual(bytes));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_stream_over_the_limit_is_refused_before_it_is_read_whole(bool canSeek)
    {
        using var stream = new OddStream(new byte[8 << 20], canSeek, int.MaxValue);
        var error = Assert.Throws<ModelFormatException>(() => OnnxModel.Load(stream, new() { MaxFileBytes = 1 << 20 }, "endless"));
        Assert.Contains("MaxFileBytes", error.Message, StringComparison.Ordinal);
        Assert.StartsWith("endless:", error.Message, StringComparison.Ordinal);
        Assert.True(stream.BytesRead <= 2 << 20, $"{stream.BytesRead} bytes were read.");
    }

    [Fact]
    public void An_empty_stream_is_refused() =>
        Assert.Contains("empty", Assert.Throws<ModelFormatException>(static () => PartitionedModel.Load(Stream.Null)).Message, StringComparison.Ordinal);

    [Fact]
    public void External_data_of_bytes_and_streams_is_refused_by_the_name_of_the_tensor_and_its_file()
    {
        using var folder = new TestFolder();
        ResNet18.Build(size: 32, classes: 10, width: 8).Save(folder["model.onnx"], "weights.bin");
        var bytes = File.ReadAllBytes(folder["model.onnx"]);
        foreach (var load in (Func<PartitionedModel>[])[() => PartitionedModel.Load(bytes, source: "embedded"), () => PartitionedModel.Load(new MemoryStream(bytes), source: "embedded")])
        {
            var error = Assert.Throws<ModelFormatException>(load);
            Assert.StartsWith("embedded:", error.Message, StringComparison.Ordinal);
            Assert.Contains("'weights.bin'", error.Message, StringComparison.Ordinal);
            Assert.Contains("Load the model from its file", error.Message, StringComparison.Ordinal);
        }

        var model = PartitionedModel.From(OnnxModel.Parse(bytes.AsMemory(), folder.Path), null, SplitRun.Execution);
        Assert.Equal(OnnxModel.Load(folder["model.onnx"]).Fingerprint, model.Plan.Model);
    }

    /// <summary>Bytes that may hide their length and come a few at a time, as those of a network do.</summary>
    private sealed class OddStream(byte[] bytes, bool canSeek, int mostAtOnce) : MemoryStream(bytes)
    {
        public override bool CanSeek => canSeek;

        public override long Length => canSeek ? base.Length : throw new NotSupportedException();

        public int BytesRead { get; private set; }

        // Reading into a span comes here as well.
        public override int Read(byte[] buffer, int offset, int count)
        {
            var read = base.Read(buffer, offset, Math.Min(count, mostAtOnce));
            BytesRead += read;
            return read;
        }
    }
}
