using System.Numerics;
using System.Runtime.CompilerServices;

namespace SplitInfer.Codecs.ZeroBitmapEntropy;

/// <summary>Separates words that their neighbours predict from new ones, and reverses this. The reference implementation, for words of any size.</summary>
/// <remarks>The loops select by masks, because branch predictors cannot predict the next kind.</remarks>
internal static unsafe class WordPrediction
{
    /// <summary>Takes <paramref name="count"/> words apart, from the one with index <paramref name="first"/> on.</summary>
    public static void Split<T>(T* words, int first, int count, WordLayout layout, ref PartPointers parts) where T : unmanaged, IBinaryInteger<T>
    {
        var pending = 0u;
        for (var i = 0; i < count; i++)
        {
            var at = first + i;
            var word = words[at];
            var (left, up) = Neighbours(words, at, layout);
            var nonZero = Bit(word != T.Zero);
            var isLeft = Bit(word == left);
            var low = nonZero & (isLeft | Bit(word != up));
            var high = nonZero & ~isLeft;

            pending |= (low | high << 1) << i % 4 * 2;
            if (i % 4 == 3 || i == count - 1) (*parts.Kinds++, pending) = ((byte)pending, 0);

            var turned = T.RotateLeft(word, 1);
            *parts.Heads = byte.CreateTruncating(turned >>> (sizeof(T) - 1) * 8);
            Unsafe.WriteUnaligned(parts.Tails, turned);
            parts.Heads += low & high;
            parts.Tails += (low & high) * (sizeof(T) - 1);
        }
    }

    /// <summary>Puts <paramref name="count"/> words together, from the one with index <paramref name="first"/> on; those before it are there.</summary>
    public static void Join<T>(T* words, int first, int count, WordLayout layout, ref PartPointers parts) where T : unmanaged, IBinaryInteger<T>
    {
        var tailMask = (T.One << (sizeof(T) - 1) * 8) - T.One;
        for (var i = 0; i < count; i++)
        {
            var at = first + i;
            var (left, up) = Neighbours(words, at, layout);
            var kind = (uint)parts.Kinds[i / 4] >> i % 4 * 2;
            uint low = kind & 1, high = kind >> 1 & 1;
            var turned = T.CreateTruncating(*parts.Heads) << (sizeof(T) - 1) * 8 | Unsafe.ReadUnaligned<T>(parts.Tails) & tailMask;
            words[at] = Where(low & ~high, left) | Where(high & ~low, up) | Where(low & high, T.RotateRight(turned, 1));
            parts.Heads += low & high;
            parts.Tails += (low & high) * (sizeof(T) - 1);
        }

        parts.Kinds += (count + 3) / 4;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (T Left, T Up) Neighbours<T>(T* words, int at, WordLayout layout) where T : unmanaged, IBinaryInteger<T> =>
        (at >= layout.Left ? words[at - layout.Left] : T.Zero, at >= layout.Up ? words[at - layout.Up] : T.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Bit(bool condition) => *(byte*)&condition;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Where<T>(uint bit, T word) where T : unmanaged, IBinaryInteger<T> => (T.Zero - T.CreateTruncating(bit)) & word;
}
