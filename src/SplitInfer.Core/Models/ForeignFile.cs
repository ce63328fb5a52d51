using System.Text;
using System.Text.Unicode;

namespace SplitInfer.Models;

/// <summary>
/// Recognises what a file is that cannot be read as a model. It is asked only about files that were refused, so that no name or weight of a
/// valid model is ever taken for something else.
/// </summary>
internal static class ForeignFile
{
    /// <summary>As much of a file as is looked at.</summary>
    public const int PrefixLength = 64 << 10;

    private const int LeastZeros = 16;

    private const string Export = "Export the model to ONNX.";
    private const string Extract = "Extract the .onnx file from it.";

    private static readonly (int Offset, byte[] Magic, string What, string Advice)[] Magics =
    [
        (0, [.. "version https://git-lfs.github.com/spec/"u8], "a Git LFS pointer, which stands for a file that was not fetched", "Run 'git lfs pull' in the repository that it comes from, or download the file itself."),
        (0, [.. "version https://hawser.github.com/spec/"u8], "a Git LFS pointer, which stands for a file that was not fetched", "Run 'git lfs pull' in the repository that it comes from, or download the file itself."),
        (4, [.. "ORTM"u8], "a model in ONNX Runtime's own format (.ort), which cannot be cut", "Give the .onnx file that it was converted from."),
        (4, [.. "TFL3"u8], "a TensorFlow Lite model", "Convert it to ONNX, for example with 'python -m tf2onnx.convert --tflite'."),
        (0, [.. "GGUF"u8], "a GGUF file, which holds weights and no graph", Export),
        (0, [0x89, .. "HDF\r\n"u8, 0x1A, (byte)'\n'], "an HDF5 file, as Keras writes", "Convert the model to ONNX, for example with tf2onnx."),
        (0, [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19], "a PyTorch file (pickle)", "Load it in PyTorch and export it with torch.onnx.export."),
        (0, [0x93, .. "NUMPY"u8], "a NumPy array", "Give the model here, and arrays as its inputs."),
        (0, [0x1F, 0x8B], "a gzip archive", Extract),
        (257, [.. "ustar"u8], "a tar archive", Extract),
        (0, [.. "7z"u8, 0xBC, 0xAF, 0x27, 0x1C], "a 7z archive", Extract),
        (0, [.. "BZh"u8], "a bzip2 archive", Extract),
        (0, [0xFD, .. "7zXZ"u8, 0], "an xz archive", Extract),
        (0, [0x28, 0xB5, 0x2F, 0xFD], "a Zstandard archive", Extract),
        (0, [.. "Rar!"u8, 0x1A, 7], "a RAR archive", Extract),
    ];

    /// <summary>The refusal of a file that was recognised; null if nothing is known of it.</summary>
    /// <param name="bytes">The file, or at least its first <see cref="PrefixLength"/> bytes.</param>
    /// <param name="source">What to call it in messages.</param>
    /// <param name="inner">Why it was refused.</param>
    public static ModelFormatException? Refusal(ReadOnlySpan<byte> bytes, string source, Exception? inner = null) =>
        Recognise(bytes[..Math.Min(bytes.Length, PrefixLength)], bytes) is var (what, advice)
            ? new(source, $"this is {what}, not an ONNX model", advice, inner: inner)
            : null;

    private static (string What, string Advice)? Recognise(ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> all)
    {
        foreach (var (offset, magic, what, advice) in Magics)
            if (prefix.Length >= offset + magic.Length && prefix[offset..].StartsWith(magic)) return (what, advice);
        if (prefix.StartsWith("PK\u0003\u0004"u8) || prefix.StartsWith("PK\u0005\u0006"u8)) return Zip(prefix, all);
        if (prefix is [0x80, >= 2 and <= 5, ..] && all[^1] == '.') return ("a pickle of Python, as older versions of PyTorch write", "Load it in PyTorch and export it with torch.onnx.export.");
        if (prefix.Length > 8 && prefix[4..8].IndexOfAnyExcept((byte)0) < 0 && prefix[8] == (byte)'{') return ("a safetensors file, which holds weights and no graph", Export);
        if (TensorFlow(prefix) is { } graph) return (graph, "Convert it to ONNX, for example with tf2onnx.");
        if (all.Length >= LeastZeros && all.IndexOfAnyExcept((byte)0) < 0) return ("a file of nothing but zero bytes, as a copy that failed leaves it", "Copy or download it again.");
        return IsText(prefix) ? Text(prefix) : EncryptedBytes.AreLikely(prefix) ? ("a file of bytes without any order, which is how encrypted and compressed data look", "Decrypt or extract it first, or copy it again.") : null;
    }

    /// <summary>The names of the first entries show the contents of an archive; the directory at its end has a few more.</summary>
    private static (string What, string Advice) Zip(ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> all)
    {
        var end = all[Math.Max(0, all.Length - PrefixLength)..];
        return Has(prefix, end, "/data.pkl"u8) || Has(prefix, end, "constants.pkl"u8) ? ("a PyTorch file (a zip archive with a pickle)", "Load it in PyTorch and export it with torch.onnx.export.")
            : Has(prefix, end, "model.weights.h5"u8) ? ("a Keras model (.keras)", "Convert it to ONNX, for example with tf2onnx.")
            : Has(prefix, end, ".npy"u8) ? ("a file of NumPy arrays (.npz)", "Give the model here, and arrays as its inputs.")
            : ("a zip archive", Extract);
    }

    private static bool Has(ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> end, ReadOnlySpan<byte> name) => prefix.IndexOf(name) >= 0 || end.IndexOf(name) >= 0;

    /// <summary>A SavedModel begins with its version and a meta-graph, a frozen graph with its first node.</summary>
    private static string? TensorFlow(ReadOnlySpan<byte> prefix)
    {
        var hasOperators = prefix.IndexOf("Placeholder"u8) >= 0 || prefix.IndexOf("VarHandleOp"u8) >= 0 || prefix.IndexOf("NoOp"u8) >= 0;
        return prefix switch
        {
            [0x08, 0x01, 0x12, ..] when hasOperators || prefix.IndexOf("serving_default"u8) >= 0 => "a TensorFlow SavedModel",
            [0x0A, _, 0x0A, ..] or [0x0A, _, _, 0x0A, ..] when hasOperators => "a TensorFlow graph",
            _ => null,
        };
    }

    private static bool IsText(ReadOnlySpan<byte> prefix)
    {
        foreach (var value in prefix)
            if (value < ' ' && value is not ((byte)'\t' or (byte)'\n' or (byte)'\r' or (byte)'\f')) return false;
        // A prefix may end inside a character.
        for (var cut = 0; cut < 4 && cut < prefix.Length; cut++)
            if (Utf8.IsValid(prefix[..^cut])) return true;
        return false;
    }

    private static (string What, string Advice) Text(ReadOnlySpan<byte> prefix)
    {
        var text = Encoding.UTF8.GetString(prefix).TrimStart('\uFEFF', ' ', '\t', '\r', '\n');
        return IsHtml(text) ? ("an HTML page, as a server sends it for a wrong link or where it wants a login", "Download the file itself: follow the link in a browser, or give the download what it needs to be let in.")
            : text.Contains("ir_version", StringComparison.Ordinal) && text[0] is '<' or 'i' ? ("an ONNX model written as text", "Convert it to the binary form, for example with onnx.parser or onnx.save.")
            : text.StartsWith('<') ? ("an XML file", "Give the .onnx file; a model of OpenVINO (.xml with .bin) cannot be read.")
            : text.StartsWith('{') || text.StartsWith('[') ? ("a JSON file", "Give the .onnx file.")
            : ("a text file", "Give the .onnx file.");
    }

    private static bool IsHtml(string text) =>
        text.StartsWith("<!doctype html", StringComparison.OrdinalIgnoreCase) || text.StartsWith("<html", StringComparison.OrdinalIgnoreCase)
        || (text.StartsWith('<') && text.AsSpan(0, Math.Min(text.Length, 1024)).Contains("<html", StringComparison.OrdinalIgnoreCase));
}
