using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace SplitInfer.Codecs.Quantized;

/// <summary>Numbers from a bitmap of those that are not zero and a symbol of one byte for each of these.</summary>
internal static unsafe class SparseDequantization
{
    /// <summary>Bytes behind the symbols that may be read.</summary>
    public const int Slack = 16;

    /// <summary>Restores a run of numbers. The bitmap has been checked: it has as many ones as there are symbols.</summary>
    public static void Run(Quantizer quantizer, ReadOnlySpan<byte> bitmap, ReadOnlySpan<byte> symbols, Span<float> values, VectorPath path)
    {
        if (symbols.Length < Slack || bitmap.Length < Bitmap.Length(values.Length)) throw new ArgumentException("The room is too small for these numbers.", nameof(symbols));
        fixed (float* to = values)
        fixed (byte* bits = bitmap, from = symbols)
        {
            var at = from;
            var done = path switch
            {
                VectorPath.Vector512 => Wide512(quantizer, bits, ref at, to, values.Length),
                VectorPath.Vector256 => Wide256(quantizer, bits, ref at, to, values.Length),
                VectorPath.Vector128 => Wide128(quantizer, bits, ref at, to, values.Length),
                _ => 0,
            };
            Scalar(quantizer, bits + done / 8, at, to + done, values.Length - done);
        }
    }

    private static void Scalar(Quantizer quantizer, byte* bitmap, byte* symbols, float* values, int count)
    {
        new Span<float>(values, count).Clear();
        for (var i = 0; i < count; i += 8)
        {
            for (uint bits = *bitmap++; bits != 0; bits &= bits - 1)
                values[i + BitOperations.TrailingZeroCount(bits)] = (*symbols++ - quantizer.ZeroPoint) * quantizer.Scale;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Wide128(Quantizer quantizer, byte* bitmap, ref byte* symbols, float* values, int count)
    {
        var lanes = (byte*)Unsafe.AsPointer(ref LaneTables.BytesToLanes[0]);
        var (scale, zeroPoint) = (Vector128.Create(quantizer.Scale), Vector128.Create(quantizer.ZeroPoint));
        var (lowLanes, highLanes) = (Vector128.Create(1, 2, 4, 8), Vector128.Create(16, 32, 64, 128));
        var from = symbols;
        var i = 0;
        for (; i <= count - 8; i += 8)
        {
            uint bits = *bitmap++;
            var shuffle = Vector128.CreateScalar(*(ulong*)(lanes + bits * 8)).AsByte();
            var words = Vector128.WidenLower(Vector128.Shuffle(Vector128.CreateScalar(*(ulong*)from).AsByte(), shuffle));
            Restore(Vector128.WidenLower(words).AsInt32(), lowLanes, bits).Store(values + i);
            Restore(Vector128.WidenUpper(words).AsInt32(), highLanes, bits).Store(values + i + 4);
            from += BitOperations.PopCount(bits);
        }

        symbols = from;
        return i;

        Vector128<float> Restore(Vector128<int> steps, Vector128<int> lane, uint bits) =>
            (Vector128.ConvertToSingle(steps - zeroPoint) * scale) & Vector128.Equals(Vector128.Create((int)bits) & lane, lane).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Wide256(Quantizer quantizer, byte* bitmap, ref byte* symbols, float* values, int count)
    {
        var lanes = (byte*)Unsafe.AsPointer(ref LaneTables.BytesToLanes[0]);
        var (scale, zeroPoint) = (Vector256.Create(quantizer.Scale), Vector256.Create(quantizer.ZeroPoint));
        var from = symbols;
        var i = 0;
        for (; i <= count - 8; i += 8)
        {
            uint bits = *bitmap++;

            // The marker of a lane without a symbol, 0x80, is the sign by which it is cleared.
            var lane = Avx2.ConvertToVector256Int32((sbyte*)(lanes + bits * 8));
            var steps = Avx2.PermuteVar8x32(Avx2.ConvertToVector256Int32(from), lane);
            Vector256.AndNot(Vector256.ConvertToSingle(steps - zeroPoint) * scale, (lane >> 31).AsSingle()).Store(values + i);
            from += BitOperations.PopCount(bits);
        }

        symbols = from;
        return i;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Wide512(Quantizer quantizer, byte* bitmap, ref byte* symbols, float* values, int count)
    {
        var (scale, zeroPoint) = (Vector512.Create(quantizer.Scale), Vector512.Create(quantizer.ZeroPoint));
        var from = symbols;
        var i = 0;
        for (; i <= count - 16; i += 16)
        {
            uint bits = *(ushort*)bitmap;
            bitmap += sizeof(ushort);
            var numbers = Vector512.ConvertToSingle(Avx512F.ConvertToVector512Int32(Vector128.Load(from)) - zeroPoint) * scale;
            Avx512F.Expand(Vector512<float>.Zero, LaneMask.Of(bits).AsSingle(), numbers).Store(values + i);
            from += BitOperations.PopCount(bits);
        }

        symbols = from;
        return i;
    }
}
