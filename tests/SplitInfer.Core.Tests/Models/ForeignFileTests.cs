using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using SplitInfer.Models;
using SplitInfer.Testing;

namespace SplitInfer.Core.Tests.Models;

/// <summary>Files of other kinds under the name of a model.</summary>
public class ForeignFileTests
{
    public static TheoryData<string, byte[], string> Kinds => new()
    {
        { "Git LFS pointer", Text("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"), "git lfs pull" },
        { "HTML page", Text("<!DOCTYPE HTML PUBLIC \"-//W3C//DTD\">\n<html><body>Please log in</body></html>"), "Download" },
        { "HTML page", Text("\uFEFF\r\n  <!-- served --><HTML><body>404</body></HTML>"), "Download" },
        { ".ort", [0x20, 0, 0, 0, .. Text("ORTM"), 1, 2, 3], "converted from" },
        { "TensorFlow Lite", [0x1C, 0, 0, 0, .. Text("TFL3"), 1, 2, 3], "tf2onnx" },
        { "SavedModel", [0x08, 0x01, 0x12, 0x20, 0x0A, 0x1E, .. Text("\u0012\u0005serve…serving_default")], "tf2onnx" },
        { "TensorFlow graph", [0x0A, 0x10, 0x0A, 0x01, (byte)'x', 0x12, 0x0B, .. Text("Placeholder")], "tf2onnx" },
        { "zip archive", Zip("model.onnx"), "Extract" },
        { "PyTorch", Zip("archive/data.pkl", "archive/version"), "torch.onnx.export" },
        { "Keras", Zip("metadata.json", "config.json", "model.weights.h5"), "tf2onnx" },
        { "NumPy arrays", Zip("x.npy"), "inputs" },
        { "zip archive", [.. Text("PK\u0005\u0006"), .. new byte[18]], "Extract" },
        { "PyTorch", [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, (byte)'.'], "torch.onnx.export" },
        { "pickle", [0x80, 4, 0x95, 1, 0, 0, 0, 0, 0, 0, 0, (byte)'N', (byte)'.'], "torch.onnx.export" },
        { "gzip", Gzip(RandomDag.Build(1).ToBytes()), "Extract" },
        { "tar archive", [.. new byte[257], .. Text("ustar\0"), .. new byte[249]], "Extract" },
        { "7z archive", [.. Text("7z"), 0xBC, 0xAF, 0x27, 0x1C, 0, 4], "Extract" },
        { "safetensors", [0x28, 0x90, 3, 0, 0, 0, 0, 0, .. Text("{\"weight\":{\"dtype\":\"F32\"}}")], "Export" },
        { "GGUF", [.. Text("GGUF"), 3, 0, 0, 0], "Export" },
        { "HDF5", [0x89, .. Text("HDF\r\n\u001A\n"), 0], "tf2onnx" },
        { "NumPy array", [0x93, .. Text("NUMPY"), 1, 0], "inputs" },
        { "XML", Text("<?xml version=\"1.0\"?><net name=\"x\"/>"), "OpenVINO" },
        { "JSON", Text("{\"error\": \"access denied\"}"), ".onnx file" },
        { "written as text", Text("ir_version: 8\ngraph { name: \"g\" }"), "binary" },
        { "text file", Text("This is a README, not a model. Öffne es."), ".onnx file" },
        { "zero bytes", new byte[4096], "again" },
        { "encrypted", Encrypted(), "Decrypt" },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void What_a_file_is_and_what_to_do_is_said(string what, byte[] bytes, string advice)
    {
        var error = Assert.Throws<ModelFormatException>(() => OnnxModel.Parse(bytes, source: "given.onnx"));

        Assert.StartsWith("given.onnx: this is a", error.Message, StringComparison.Ordinal);
        Assert.Contains(what, error.Message, StringComparison.Ordinal);
        Assert.Contains(advice, error.Message, StringComparison.Ordinal);
        Assert.EndsWith(".", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_over_the_limit_is_recognised_by_its_beginning()
    {
        using var folder = new TestFolder();
        File.WriteAllBytes(folder["weights.onnx"], [.. Text("GGUF"), .. new byte[5000]]);

        Assert.Contains("GGUF", Assert.Throws<ModelFormatException>(() => OnnxModel.Load(folder["weights.onnx"], new() { MaxFileBytes = 1000 })).Message, StringComparison.Ordinal);
    }

    [SharedTheory]
    [InlineData("model.onnx", "git lfs pull")]
    [InlineData("html.onnx", "HTML page")]
    public void Pointers_and_pages_that_were_met_are_recognised(string file, string words)
    {
        var path = SharedData.Case($"lfs-pointer/{file}");

        var error = Assert.Throws<ModelFormatException>(() => OnnxModel.Load(path));
        Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_valid_model_may_hold_the_bytes_of_anything() =>
        Sampled.Check(seed: 41, 100, random =>
        {
            var kinds = Kinds.Select(static row => (byte[])row[1]).ToArray();
            var model = RandomDag.Build(random.Next()).Build();
            model.ProducerName = Encoding.ASCII.GetString(Text("version https://git-lfs.github.com/spec/v1 <html>"));
            model.Graph.DocString = Google.Protobuf.ByteString.CopyFrom(kinds[random.Next(kinds.Length)]);

            Assert.NotNull(OnnxModel.Parse(ModelBytes.Of(model)));
        });

    [Fact]
    public void A_damaged_model_is_taken_for_nothing_else() =>
        Sampled.Check(seed: 42, 500, random =>
        {
            var bytes = RandomDag.Build(random.Next(20)).ToBytes();
            var from = random.Next(1, bytes.Length);
            var damage = bytes.AsSpan(from, Math.Min(random.Next(1, 200), bytes.Length - from));
            if (random.Next(2) == 0) random.NextBytes(damage);
            else damage.Clear();

            Assert.Null(ForeignFile.Refusal(bytes, "model"));
            Assert.Null(ForeignFile.Refusal(bytes.AsSpan(0, from), "model"));
        });

    [Fact]
    public void Weights_without_order_are_not_taken_for_encryption()
    {
        byte[] damaged = [0x08, 0x08, 0x3A, 0xFF, 0xFF, 0x7F, .. Encrypted()];

        Assert.Contains("'graph'", Assert.Throws<ModelFormatException>(() => OnnxModel.Parse(damaged)).Message, StringComparison.Ordinal);
    }

    [SharedFact]
    public void Real_models_are_taken_for_nothing_else()
    {
        foreach (var file in Directory.EnumerateFiles(SharedData.Model(""), "*.onnx", SearchOption.AllDirectories))
        {
            using var stream = File.OpenRead(file);
            var prefix = new byte[Math.Min(stream.Length, ForeignFile.PrefixLength)];
            stream.ReadExactly(prefix);
            Assert.Null(ForeignFile.Refusal(prefix, file));
        }
    }

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);

    private static byte[] Gzip(byte[] content)
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionLevel.Optimal, leaveOpen: true)) gzip.Write(content);
        return stream.ToArray();
    }

    private static byte[] Zip(params string[] entries)
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
            foreach (var entry in entries)
                using (var content = zip.CreateEntry(entry, CompressionLevel.NoCompression).Open()) content.Write(new byte[100]);
        return stream.ToArray();
    }

    /// <summary>A tag that is no field of a model, then what a cipher yields.</summary>
    private static byte[] Encrypted()
    {
        var bytes = new byte[8000];
        using var aes = Aes.Create();
        aes.Key = new byte[16];
        aes.TryEncryptCbc(new byte[7990], new byte[16], bytes, out _);
        bytes[0] = 0xD5;
        return bytes;
    }
}
