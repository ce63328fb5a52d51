using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SplitInfer.Codecs.ConvFeature;

/// <summary>Four by four numbers.</summary>
internal readonly unsafe struct LaneBlock(Vector128<int> a, Vector128<int> b, Vector128<int> c, Vector128<int> d)
{
    private readonly Vector128<int> _a = a, _b = b, _c = c, _d = d;

    /// <summary>Rows as columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public LaneBlock Transposed()
    {
        var (lowAB, highAB, lowCD, highCD) = (Pairs(_a.GetLower(), _b.GetLower()), Pairs(_a.GetUpper(), _b.GetUpper()), Pairs(_c.GetLower(), _d.GetLower()), Pairs(_c.GetUpper(), _d.GetUpper()));
        return new(
            Vector128.Create(lowAB.GetLower(), lowCD.GetLower()), Vector128.Create(lowAB.GetUpper(), lowCD.GetUpper()),
            Vector128.Create(highAB.GetLower(), highCD.GetLower()), Vector128.Create(highAB.GetUpper(), highCD.GetUpper()));
    }

    /// <summary>Stores each row where it goes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(int* first, int* second, int* third, int* fourth)
    {
        _a.Store(first);
        _b.Store(second);
        _c.Store(third);
        _d.Store(fourth);
    }

    // Two of one row between two of the other.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Pairs(Vector64<int> left, Vector64<int> right) =>
        (Vector128.WidenLower(left.ToVector128().AsUInt32()) | Vector128.WidenLower(right.ToVector128().AsUInt32()) << 32).AsInt32();
}
