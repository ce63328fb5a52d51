using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace SplitInfer.Codecs.ConvFeature;

/// <summary>Four by four numbers.</summary>
internal readonly unsafe struct LaneBlock(Vector128<int> a, Vector128<int> b, Vector128<int> c, Vector128<int> d)
{
    private readonly Vector128<int> _a = a, _b = b, _c = c, _d = d;

    /// <summary>Rows as columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public LaneBlock Transposed()
    {
        var (firstAC, lastAC, firstBD, lastBD) = (ZipLower(_a, _c), ZipUpper(_a, _c), ZipLower(_b, _d), ZipUpper(_b, _d));
        return new(ZipLower(firstAC, firstBD), ZipUpper(firstAC, firstBD), ZipLower(lastAC, lastBD), ZipUpper(lastAC, lastBD));
    }

    /// <summary>Stores each row at its destination.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(int* first, int* second, int* third, int* fourth)
    {
        _a.Store(first);
        _b.Store(second);
        _c.Store(third);
        _d.Store(fourth);
    }

    // Numbers of both in turn.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> ZipLower(Vector128<int> left, Vector128<int> right) => Sse2.IsSupported
        ? Sse2.UnpackLow(left, right)
        : (Vector128.WidenLower(left.AsUInt32()) | Vector128.WidenLower(right.AsUInt32()) << 32).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> ZipUpper(Vector128<int> left, Vector128<int> right) => Sse2.IsSupported
        ? Sse2.UnpackHigh(left, right)
        : (Vector128.WidenUpper(left.AsUInt32()) | Vector128.WidenUpper(right.AsUInt32()) << 32).AsInt32();
}
