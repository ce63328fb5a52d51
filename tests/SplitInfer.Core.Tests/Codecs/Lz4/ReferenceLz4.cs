using System.Runtime.InteropServices;

namespace SplitInfer.Core.Tests.Codecs.Lz4;

/// <summary>The LZ4 project's own library, where it is installed.</summary>
internal static unsafe partial class ReferenceLz4
{
    private const string Library = "liblz4.so.1";

    /// <summary>Why tests against it are skipped; null where it is there.</summary>
    public static string? Missing { get; } =
        NativeLibrary.TryLoad(Library, out _) ? null : $"{Library} is not installed; on Debian it comes with liblz4-1.";

    public static byte[] Compress(ReadOnlySpan<byte> source, int level)
    {
        var destination = new byte[Bound(source.Length)];
        // An empty span has no address, which the library does not take.
        byte none;
        fixed (byte* from = source, to = destination)
        {
            var start = source.IsEmpty ? &none : from;
            var length = level == 0
                ? CompressDefault(start, to, source.Length, destination.Length)
                : CompressHigh(start, to, source.Length, destination.Length, level);
            return destination[..length];
        }
    }

    public static byte[] Decompress(ReadOnlySpan<byte> block, int length)
    {
        var destination = new byte[length];
        byte none;
        fixed (byte* from = block, to = destination)
        {
            var decoded = DecompressSafe(from, length == 0 ? &none : to, block.Length, length);
            return decoded == length ? destination : throw new InvalidOperationException($"The reference library answers {decoded}.");
        }
    }

    [LibraryImport(Library, EntryPoint = "LZ4_compressBound")]
    private static partial int Bound(int length);

    [LibraryImport(Library, EntryPoint = "LZ4_compress_default")]
    private static partial int CompressDefault(byte* source, byte* destination, int length, int capacity);

    [LibraryImport(Library, EntryPoint = "LZ4_compress_HC")]
    private static partial int CompressHigh(byte* source, byte* destination, int length, int capacity, int level);

    [LibraryImport(Library, EntryPoint = "LZ4_decompress_safe")]
    private static partial int DecompressSafe(byte* source, byte* destination, int length, int capacity);
}

/// <summary>A test against the reference library, skipped with a reason where it is missing.</summary>
public sealed class ReferenceLz4FactAttribute : FactAttribute
{
    public ReferenceLz4FactAttribute() => Skip = ReferenceLz4.Missing;
}
