using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SplitInfer.Codecs.ConvFeature;

/// <summary>
/// A token describes a value: 0 is the left neighbour's, 1 the upper one's, then the place of others by their distance from the
/// prediction. The first places have a token each, later ones share buckets, two to an octave, with the rest in plain bits.
/// </summary>
internal static class Tokens
{
    /// <summary>The tokens of the neighbours.</summary>
    public const int IsLeft = 0, IsUpper = 1;

    /// <summary>The first token that stands for several values.</summary>
    public const int FirstBucket = 8;

    /// <summary>Tokens that there are. The last bucket reaches beyond the farthest place, 2 · 65534 + 1.</summary>
    public const int Count = 38;

    /// <summary>Numbers of a row that has one for each token and zeros behind them, so that vectors take it whole.</summary>
    public const int Room = 48;

    /// <summary>Number of bits for a token in a code; the bits above are its context.</summary>
    public const int Bits = 6;

    /// <summary>From a place, and to a bucket's first place: buckets begin at powers of two and half-way between.</summary>
    public const int PlaceBias = FirstBucket - 4;

    /// <summary>From a bucket's token to the exponent and highest mantissa bit of its first place as a binary32.</summary>
    public const int FloatBias = 258 - FirstBucket;

    /// <summary>Bits that are not in the token, at most 15.</summary>
    public static int ExtraBits(int token) => token < FirstBucket ? 0 : ((token + FloatBias) >> 1) - 128;

    /// <summary>The same of tokens in lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> ExtraBits(Vector512<uint> tokens) =>
        ((tokens + Vector512.Create((uint)FloatBias)) >> 1) - Vector512.Create(128u) & Vector512.GreaterThanOrEqual(tokens, Vector512.Create((uint)FirstBucket));

    /// <summary>The first place of a token.</summary>
    public static int FirstPlace(int token) => token < FirstBucket ? token : ((2 | token & 1) << ExtraBits(token)) + PlaceBias;

    /// <summary>The token of a place.</summary>
    public static int Of(int place)
    {
        if (place < FirstBucket) return place;
        var log = BitOperations.Log2((uint)(place - PlaceBias));
        return FirstBucket + 2 * log - 6 + ((place - PlaceBias) >> (log - 1));
    }
}
