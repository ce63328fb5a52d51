using SplitInfer.Codecs;

namespace SplitInfer.Imaging.Codecs;

/// <summary>
/// How the bits of a picture's elements differ from those that the mapping makes, for each byte in each channel. Applications compute the same mapping in other
/// orders and precisions, and are then off by some of the last bits, always by the same for the same byte.
/// </summary>
internal static class Corrections
{
    private const int LowBits = 7, Last = 4, MostBytes = 5;
    private const byte More = 0x80;

    /// <summary>Writes corrections: of each, the difference of the bits as a number whose lowest bit is the sign, seven bits at a time and the lowest first.</summary>
    /// <returns>Bytes written; 0 where they do not fit.</returns>
    public static int Write(ReadOnlySpan<int> differences, Span<byte> target)
    {
        var at = 0;
        foreach (var difference in differences)
        {
            if (at + MostBytes > target.Length) return 0;
            var rest = unchecked((uint)((difference << 1) ^ (difference >> 31)));
            for (; rest >= More; rest >>= LowBits) target[at++] = (byte)(rest | More);
            target[at++] = (byte)rest;
        }

        return at;
    }

    /// <summary>Reads as many corrections as <paramref name="differences"/> has room for.</summary>
    /// <returns>Bytes read.</returns>
    /// <exception cref="InvalidPayloadException">They end early, or one takes more than 32 bits.</exception>
    public static int Read(string codec, ReadOnlySpan<byte> source, Span<int> differences)
    {
        var at = 0;
        for (var i = 0; i < differences.Length; i++)
        {
            uint number = 0;
            for (var part = 0; ; part++)
            {
                if (at == source.Length) throw new InvalidPayloadException(codec, "it ends within its corrections");
                var bits = source[at++];
                if (part == Last && bits > 0xF) throw new InvalidPayloadException(codec, "a correction takes more than 32 bits");
                number |= (uint)(bits & ~More) << (part * LowBits);
                if (bits < More) break;
            }

            differences[i] = unchecked((int)(number >> 1) ^ -(int)(number & 1));
        }

        return at;
    }
}
