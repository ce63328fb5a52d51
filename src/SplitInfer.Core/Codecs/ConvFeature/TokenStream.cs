using SplitInfer.Codecs.Entropy;

namespace SplitInfer.Codecs.ConvFeature;

/// <summary>
/// The numbers that encoder and decoder of the interleaved rANS share: as in <see cref="Rans"/>, with a state for each lane. In each step the
/// tokens of all lanes come first, then the extra bits of those that have some.
/// </summary>
internal static class TokenStream
{
    /// <summary>A state that is at least frequency &lt;&lt; this gives a word away before it takes a token in.</summary>
    public const int FlushShift = 31 - TokenModel.ScaleBits;

    /// <summary>Bytes of the states before the words.</summary>
    public const int HeaderLength = LaneLayout.Lanes * sizeof(uint);

    /// <summary>Words beyond the end that a step may read, and below the last that one may write: two for each lane, and a vector.</summary>
    public const int Spill = 3 * LaneLayout.Lanes;

    /// <summary>In a code, above context and token: the extra bits.</summary>
    public const int ExtraBit = 16;
}
