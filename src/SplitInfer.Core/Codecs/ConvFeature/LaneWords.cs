using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace SplitInfer.Codecs.ConvFeature;

/// <summary>Moves 16-bit words between a stream and those of sixteen lanes that need one.</summary>
internal static unsafe class LaneWords
{
    /// <summary>States below their bound take in a word each, the lowest lane first. Sixteen words may be read.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Refill(Vector512<uint> state, Vector512<uint> bound, ref ushort* words)
    {
        var lanes = (uint)Vector512.LessThan(state, bound).ExtractMostSignificantBits();
        Vector512<uint> fresh;
        if (Avx512F.IsSupported)
        {
            fresh = Avx512F.Expand(Vector512<uint>.Zero, Vector512.LessThan(state, bound), Avx512F.ConvertToVector512UInt32(Vector256.Load(words)));
        }
        else
        {
            var shuffles = (byte*)Unsafe.AsPointer(ref LaneTables.WordsToLanes[0]);
            var low = Vector128.Shuffle(Vector128.Load((byte*)words), Vector128.Load(shuffles + (lanes & 0xFF) * 16)).AsUInt16();
            var high = Vector128.Shuffle(Vector128.Load((byte*)(words + BitOperations.PopCount(lanes & 0xFF))), Vector128.Load(shuffles + (lanes >> 8) * 16)).AsUInt16();
            fresh = Vector512.Create(Vector256.WidenLower(low.ToVector256Unsafe()), Vector256.WidenLower(high.ToVector256Unsafe()));
        }

        words += BitOperations.PopCount(lanes);
        return Vector512.ConditionalSelect(Vector512.LessThan(state, bound), state << 16 | fresh, state);
    }

    /// <summary>States that reach their bound give a word away each, the highest lane first. Sixteen words below may be written.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Flush(Vector512<uint> state, Vector512<uint> bound, ref ushort* words)
    {
        var lanes = (uint)Vector512.GreaterThanOrEqual(state, bound).ExtractMostSignificantBits();
        if (Avx512F.IsSupported)
        {
            // Together at the low end, then turned round to the high end.
            var packed = Avx512F.Compress(Vector512<uint>.Zero, Vector512.GreaterThanOrEqual(state, bound), state);
            packed = Avx512F.PermuteVar16x32(packed, Vector512<uint>.Indices + Vector512.Create((uint)BitOperations.PopCount(lanes)));
            Avx512F.ConvertToVector256UInt16(packed).Store(words - 16);
        }
        else
        {
            var shuffles = (byte*)Unsafe.AsPointer(ref LaneTables.WordsToHighEnd[0]);
            var halves = Vector512.Narrow(state, state).GetLower();
            Vector128.Shuffle(halves.GetUpper().AsByte(), Vector128.Load(shuffles + (lanes >> 8) * 16)).Store((byte*)(words - 8));
            Vector128.Shuffle(halves.GetLower().AsByte(), Vector128.Load(shuffles + (lanes & 0xFF) * 16)).Store((byte*)(words - BitOperations.PopCount(lanes >> 8) - 8));
        }

        words -= BitOperations.PopCount(lanes);
        return Vector512.ConditionalSelect(Vector512.GreaterThanOrEqual(state, bound), state >> 16, state);
    }
}
