namespace SplitInfer.Codecs.Entropy;

/// <summary>The numbers that encoder and decoder of interleaved rANS share. FORMAT.md beside this file defines the stream.</summary>
internal static class Rans
{
    /// <summary>Values that a symbol can have: it is a byte.</summary>
    public const int Symbols = 256;

    /// <summary>Frequencies of a model sum to 2 to this power. One 32-bit table entry holds symbol, frequency and offset because it is 12.</summary>
    public const int ScaleBits = 12;

    /// <summary>What the frequencies of a model sum to.</summary>
    public const int Scale = 1 << ScaleBits;

    /// <summary>A state lies in [2^15, 2^31) between symbols, so that one 16-bit word always refills it and a signed comparison serves.</summary>
    public const uint LowBound = 1 << 15;

    /// <summary>A state that is at least frequency &lt;&lt; this gives a word away before it takes a symbol in.</summary>
    public const int FlushShift = 31 - ScaleBits;

    /// <summary>The most lanes of a stream.</summary>
    public const int MaxLanes = 64;

    /// <summary>Bytes of a stream before its words: lanes, then the states.</summary>
    public static int HeaderLength(int lanes) => 1 + lanes * sizeof(uint);

    /// <summary>
    /// The lanes for a stream of about this many bytes. Each costs two bytes, and 16 of them decode at a third of the
    /// speed of 64: the cost stays below about one hundredth, and a stream that is short is fast anyway.
    /// </summary>
    public static int LanesFor(long streamBytes) => streamBytes >= 12 << 10 ? 64 : streamBytes >= 4 << 10 ? 32 : 16;

    /// <summary>Whether a stream may have this many lanes.</summary>
    public static bool IsLaneCount(int lanes) => lanes is 16 or 32 or MaxLanes;

    /// <summary>Bytes that an encoder needs to work in for <paramref name="symbols"/> symbols: a word each, the header, and room for one vector to spill below.</summary>
    public static int WorkLength(int symbols) => checked(symbols * sizeof(ushort) + HeaderLength(MaxLanes) + 64);
}
