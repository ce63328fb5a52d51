using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace SplitInfer.Codecs.Quantized;

/// <summary>Numbers to a bitmap of those that do not become zero, and a symbol of one byte for each of these.</summary>
internal static unsafe class SparseQuantization
{
    /// <summary>Bytes behind the symbols that may be overwritten.</summary>
    public const int Spill = 16;

    // Adding 1.5·2^23 rounds to the nearest integer, ties to even, and leaves it in the low bits.
    private const float Rounder = 12582912f;
    private const int RounderBits = 0x4B40_0000;

    /// <summary>Quantises a run of finite numbers.</summary>
    /// <returns>Symbols written.</returns>
    public static int Run(Quantizer quantizer, ReadOnlySpan<float> values, Span<byte> bitmap, Span<byte> symbols, VectorPath path)
    {
        if (symbols.Length < values.Length + Spill || bitmap.Length < Bitmap.Length(values.Length)) throw new ArgumentException("The room is too small for these numbers.", nameof(symbols));
        fixed (float* from = values)
        fixed (byte* bits = bitmap, to = symbols)
        {
            var at = to;
            var done = path switch
            {
                VectorPath.Vector512 => Wide512(quantizer, from, values.Length, bits, ref at),
                VectorPath.Vector256 => Wide256(quantizer, from, values.Length, bits, ref at),
                VectorPath.Vector128 => Wide128(quantizer, from, values.Length, bits, ref at),
                _ => 0,
            };
            Scalar(quantizer, from + done, values.Length - done, bits + done / 8, ref at);
            return (int)(at - to);
        }
    }

    private static void Scalar(Quantizer quantizer, float* values, int count, byte* bitmap, ref byte* symbols)
    {
        float inverse = 1 / quantizer.Scale, low = -quantizer.ZeroPoint, high = quantizer.Levels - quantizer.ZeroPoint;
        for (var i = 0; i < count; i += 8)
        {
            var bits = 0u;
            for (var lane = 0; lane < Math.Min(8, count - i); lane++)
            {
                var scaled = Math.Min(Math.Max(values[i + lane] * inverse, low), high);
                var step = BitConverter.SingleToInt32Bits(scaled + Rounder) - RounderBits;
                if (step == 0) continue;
                bits |= 1u << lane;
                *symbols++ = (byte)(step + quantizer.ZeroPoint);
            }

            *bitmap++ = (byte)bits;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Wide128(Quantizer quantizer, float* values, int count, byte* bitmap, ref byte* symbols)
    {
        var lanes = (byte*)Unsafe.AsPointer(ref LaneTables.BytesToLowEnd[0]);
        var inverse = Vector128.Create(1 / quantizer.Scale);
        var low = Vector128.Create((float)-quantizer.ZeroPoint);
        var high = Vector128.Create((float)(quantizer.Levels - quantizer.ZeroPoint));
        var zeroPoint = Vector128.Create(quantizer.ZeroPoint);
        var to = symbols;
        var i = 0;
        for (; i <= count - 8; i += 8)
        {
            var (a, b) = (Steps(values + i), Steps(values + i + 4));
            var bits = (Vector128.Equals(a, Vector128<int>.Zero).ExtractMostSignificantBits()
                | Vector128.Equals(b, Vector128<int>.Zero).ExtractMostSignificantBits() << 4) ^ 0xFF;
            *bitmap++ = (byte)bits;
            var words = Vector128.Narrow(a + zeroPoint, b + zeroPoint);
            var shuffle = Vector128.CreateScalar(*(ulong*)(lanes + bits * 8)).AsByte();
            *(ulong*)to = Vector128.Shuffle(Vector128.Narrow(words, words).AsByte(), shuffle).AsUInt64().ToScalar();
            to += BitOperations.PopCount(bits);
        }

        symbols = to;
        return i;

        Vector128<int> Steps(float* from) =>
            (Vector128.MinNative(Vector128.MaxNative(Vector128.Load(from) * inverse, low), high) + Vector128.Create(Rounder)).AsInt32() - Vector128.Create(RounderBits);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Wide256(Quantizer quantizer, float* values, int count, byte* bitmap, ref byte* symbols)
    {
        var lanes = (byte*)Unsafe.AsPointer(ref LaneTables.BytesToLowEnd[0]);
        var inverse = Vector256.Create(1 / quantizer.Scale);
        var low = Vector256.Create((float)-quantizer.ZeroPoint);
        var high = Vector256.Create((float)(quantizer.Levels - quantizer.ZeroPoint));
        var zeroPoint = Vector256.Create(quantizer.ZeroPoint);
        var (rounder, rounderBits) = (Vector256.Create(Rounder), Vector256.Create(RounderBits));
        var to = symbols;
        var i = 0;
        for (; i <= count - 8; i += 8)
        {
            var scaled = Vector256.MinNative(Vector256.MaxNative(Vector256.Load(values + i) * inverse, low), high);
            var steps = (scaled + rounder).AsInt32() - rounderBits;
            var bits = Vector256.Equals(steps, Vector256<int>.Zero).ExtractMostSignificantBits() ^ 0xFF;
            *bitmap++ = (byte)bits;
            steps += zeroPoint;
            var words = Sse2.PackSignedSaturate(steps.GetLower(), steps.GetUpper());
            var shuffle = Vector128.CreateScalarUnsafe(*(ulong*)(lanes + bits * 8)).AsByte();
            *(ulong*)to = Ssse3.Shuffle(Sse2.PackUnsignedSaturate(words, words), shuffle).AsUInt64().ToScalar();
            to += BitOperations.PopCount(bits);
        }

        symbols = to;
        return i;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Wide512(Quantizer quantizer, float* values, int count, byte* bitmap, ref byte* symbols)
    {
        var inverse = Vector512.Create(1 / quantizer.Scale);
        var low = Vector512.Create((float)-quantizer.ZeroPoint);
        var high = Vector512.Create((float)(quantizer.Levels - quantizer.ZeroPoint));
        var zeroPoint = Vector512.Create(quantizer.ZeroPoint);
        var (rounder, rounderBits) = (Vector512.Create(Rounder), Vector512.Create(RounderBits));
        var to = symbols;
        var i = 0;
        for (; i <= count - 16; i += 16)
        {
            var scaled = Vector512.MinNative(Vector512.MaxNative(Vector512.Load(values + i) * inverse, low), high);
            var steps = (scaled + rounder).AsInt32() - rounderBits;
            var kept = ~Vector512.Equals(steps, Vector512<int>.Zero);
            var bits = (uint)kept.ExtractMostSignificantBits();
            *(ushort*)bitmap = (ushort)bits;
            bitmap += sizeof(ushort);
            Avx512F.ConvertToVector128Byte(Avx512F.Compress(Vector512<int>.Zero, kept, steps + zeroPoint)).Store(to);
            to += BitOperations.PopCount(bits);
        }

        symbols = to;
        return i;
    }
}
