using System.Text;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>Writes the parts of an ONNX file: protocol buffers, of which numbers are written plainly, everything else as its length and its bytes.</summary>
internal static class OnnxParts
{
    private const int Plain = 0, Delimited = 2;

    public static byte[] Text(int field, string text) => Message(field, Encoding.UTF8.GetBytes(text));

    public static byte[] Message(int field, byte[] content) => [.. Varint((field << 3) | Delimited), .. Varint(content.Length), .. content];

    public static byte[] Number(int field, int number) => [.. Varint((field << 3) | Plain), .. Varint(number)];

    /// <summary>An input or output of one axis.</summary>
    /// <param name="field">Its field in the graph.</param>
    /// <param name="name">Its name.</param>
    /// <param name="type">The number of its element type.</param>
    /// <param name="size">How many elements it has.</param>
    public static byte[] Value(int field, string name, int type, int size)
    {
        byte[] tensor = [.. Number(1, type), .. Message(2, Message(1, Number(1, size)))];
        return Message(field, [.. Text(1, name), .. Message(2, Message(1, tensor))]);
    }

    /// <summary>A file.</summary>
    public static byte[] Model(byte[] graph, int formatVersion, int operatorVersion) =>
        [.. Number(1, formatVersion), .. Message(7, graph), .. Message(8, Number(2, operatorVersion))];

    private static byte[] Varint(int number) => number < 0x80 ? [(byte)number] : [(byte)(number | 0x80), .. Varint(number >> 7)];
}
