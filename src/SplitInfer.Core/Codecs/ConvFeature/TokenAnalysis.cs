using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SplitInfer.Codecs.ConvFeature;

/// <summary>
/// The first pass of the encoder over a row of quantised values: turns them into codes (token, context, extra bits) and counts these. Lanes
/// without values take the left neighbour's value in the certain context.
/// </summary>
internal static unsafe class TokenAnalysis
{
    private const int Lanes = LaneLayout.Lanes;

    /// <summary>Tables to count in, by lane, so that lanes with the same code do not wait for one another.</summary>
    public const int CountTables = 4;

    /// <summary>The reference.</summary>
    public static void Scalar(in RowWindow window, int live, int reach, int* codes, uint* counts)
    {
        for (var at = 0; at < window.Width * Lanes; at++)
        {
            var lane = at % Lanes;
            var prediction = new Prediction(window, at, reach);
            if (lane >= live) window.Values[at] = prediction.Left;
            var value = window.Values[at];
            window.Errors[at] = prediction.ErrorOf(value);
            var place = prediction.PlaceOf(value);
            var token = Tokens.Of(place);
            var code = (lane < live ? prediction.Context : Contexts.Certain) << Tokens.Bits | token;
            codes[at] = code | place - Tokens.FirstPlace(token) << TokenStream.ExtraBit;
            counts[lane % CountTables * ContextModels.CountsLength + code]++;
        }
    }

    /// <summary>Sixteen lanes at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Wide(in RowWindow window, int live, int reach, int* codes, uint* counts)
    {
        var isFirst = window.IsFirstRow;
        var isLive = Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(live));
        var reaches = Vector512.Create(reach);
        var (left, errorLeft) = (Vector512.Load(window.Values - Lanes), Vector512.Load(window.Errors - Lanes));
        var end = window.Width * Lanes;
        for (var at = 0; at < end; at += Lanes)
        {
            var prediction = new LanePrediction(window, at, isFirst, left, errorLeft, reaches);
            var value = Vector512.ConditionalSelect(isLive, Vector512.Load(window.Values + at), left);
            (left, errorLeft) = (value, prediction.ErrorOf(value));
            left.Store(window.Values + at);
            errorLeft.Store(window.Errors + at);
            var place = prediction.PlaceOf(value);

            // The exponent and highest mantissa bit of a binary32 are the bucket, what is below them the extra bits.
            var inBucket = Vector512.GreaterThanOrEqual(place, Vector512.Create(Tokens.FirstBucket));
            var number = place - Vector512.Create(Tokens.PlaceBias);
            var bits = Vector512.ConvertToSingle(number).AsInt32();
            var token = Vector512.ConditionalSelect(inBucket, (bits >> 22) - Vector512.Create(Tokens.FloatBias), place);
            var bottom = Vector512.ConvertToInt32Native((bits & Vector512.Create(-1 << 22)).AsSingle());
            var extra = (number - bottom) & inBucket;
            var code = Vector512.ConditionalSelect(isLive, prediction.Context, Vector512.Create(Contexts.Certain)) << Tokens.Bits | token;
            (code | extra << TokenStream.ExtraBit).Store(codes + at);
        }

        Count(codes, end, counts);
    }

    // A separate pass, because reading parts of vectors that were just stored is slow.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Count(int* codes, int length, uint* counts)
    {
        for (var at = 0; at < length; at += CountTables)
        {
            counts[codes[at] & 0xFFFF]++;
            counts[ContextModels.CountsLength + (codes[at + 1] & 0xFFFF)]++;
            counts[2 * ContextModels.CountsLength + (codes[at + 2] & 0xFFFF)]++;
            counts[3 * ContextModels.CountsLength + (codes[at + 3] & 0xFFFF)]++;
        }
    }
}
