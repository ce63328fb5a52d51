namespace SplitInfer.Models;

/// <summary>Reads a model file from a stream, of which the length may be unknown.</summary>
internal static class ModelStream
{
    private const int FirstBytes = 1 << 20;

    /// <summary>Reads a stream to its end.</summary>
    /// <param name="stream">The stream, which stays open.</param>
    /// <param name="checkLength">Refuses, by an exception, what is too long. Asked before memory is taken, so that a stream without an end does not take all of it.</param>
    public static ReadOnlyMemory<byte> ReadToEnd(Stream stream, Action<long> checkLength)
    {
        var known = stream.CanSeek ? stream.Length - stream.Position : 0;
        if (known > 0) checkLength(known);
        // One byte more than is expected shows the end without a larger block.
        var block = new byte[known > 0 ? Math.Min(known + 1, Array.MaxLength) : FirstBytes];
        var length = 0;
        while (stream.ReadAtLeast(block.AsSpan(length), block.Length - length, throwOnEndOfStream: false) is > 0 and var read)
        {
            length += read;
            if (length < block.Length) break;
            checkLength(length + 1L);
            Array.Resize(ref block, (int)Math.Min(block.Length * 2L, Array.MaxLength));
        }

        return block.AsMemory(0, length);
    }
}
