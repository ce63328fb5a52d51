using System.Numerics;
using System.Runtime.CompilerServices;

namespace SplitInfer.Codecs.Entropy;

/// <summary>The bytes of a model. Neighbouring symbols have frequencies of similar length in bits, so the lengths are written as differences.</summary>
internal static class SymbolFrequenciesFormat
{
    /// <summary>The most bytes a model takes: 256 differences of at most 9 bits and mantissas of at most 12.</summary>
    public const int MaxLength = 2 + (Rans.Symbols * (9 + 12) + 7) / 8;

    /// <summary>Writes a model.</summary>
    /// <returns>Bytes written.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Write(ReadOnlySpan<ushort> frequencies, Span<byte> destination)
    {
        var first = frequencies.IndexOfAnyExcept((ushort)0);
        var last = frequencies.LastIndexOfAnyExcept((ushort)0);
        destination[0] = (byte)first;
        destination[1] = (byte)last;
        var bits = new BitWriter(destination[2..]);
        var length = 0;
        foreach (var frequency in frequencies[first..(last + 1)])
        {
            var next = 32 - BitOperations.LeadingZeroCount((uint)frequency);
            WriteDifference(ref bits, next - length);
            length = next;
            if (length > 1) bits.Write(frequency - (1u << (length - 1)), length - 1);
        }

        return 2 + bits.Finish();
    }

    /// <summary>Reads a model.</summary>
    /// <exception cref="InvalidPayloadException">It does not sum to <see cref="Rans.Scale"/>, or ends early.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Read(scoped ref PayloadReader reader, scoped Span<ushort> frequencies)
    {
        frequencies.Clear();
        int first = reader.ReadByte(), last = reader.ReadByte();
        if (first > last) throw reader.Invalid("a model ends before it begins");

        var bits = new BitReader(reader.Rest);
        var (length, sum) = (0, 0);
        for (var i = first; i <= last; i++)
        {
            length += ReadDifference(ref bits);
            if (length is < 0 or > Rans.ScaleBits + 1 || bits.Overran) throw reader.Invalid("a model holds a frequency out of range");
            if (length == 0) continue;
            var frequency = (1 << (length - 1)) + (int)bits.Read(length - 1);
            sum += frequency;
            if (sum > Rans.Scale) break;
            frequencies[i] = (ushort)frequency;
        }

        if (sum != Rans.Scale || bits.Overran) throw reader.Invalid($"the frequencies of a model do not sum to {Rans.Scale}");
        reader.ReadBytes(bits.BytesRead);
    }

    // Elias gamma of the zigzag plus one: one bit where the length stays, three where it changes by one.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void WriteDifference(ref BitWriter bits, int difference)
    {
        var value = (uint)((difference << 1) ^ (difference >> 31)) + 1;
        var extra = BitOperations.Log2(value);
        bits.Write(1u << extra | value - (1u << extra) << (extra + 1), 2 * extra + 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int ReadDifference(ref BitReader bits)
    {
        // No difference needs more than five; a forged run of zeros ends there.
        var extra = bits.ReadZeros(6);
        if (extra == 6) return int.MaxValue >> 1;
        var value = (int)(bits.Read(extra) + (1u << extra)) - 1;
        return (value >> 1) ^ -(value & 1);
    }
}
