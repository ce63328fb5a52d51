using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace SplitInfer.Codecs.ZeroBitmapEntropy;

/// <summary>Takes words apart into what their neighbours foretell and what is new, and puts them together again.</summary>
internal static class WordPrediction
{
    /// <summary>The kinds of words. Beyond the first word of the tensor, neighbours are zero.</summary>
    private const uint Zero = 0, Left = 1, Up = 2, New = 3;

    /// <summary>Takes the words of a chunk apart.</summary>
    /// <returns>New words.</returns>
    public static int Split(WordLayout layout, ReadOnlySpan<byte> tensor, int start, int bytes, WordParts parts) => layout.WordBytes switch
    {
        sizeof(uint) => Split<uint>(layout, tensor, start, bytes, parts),
        sizeof(ushort) => Split<ushort>(layout, tensor, start, bytes, parts),
        _ => Split<byte>(layout, tensor, start, bytes, parts),
    };

    /// <summary>Puts the words of a chunk together; those before it in the tensor are there.</summary>
    /// <returns>Whether the kinds ask for exactly <paramref name="fresh"/> new words.</returns>
    public static bool TryJoin(WordLayout layout, Span<byte> tensor, int start, int bytes, WordParts parts, int fresh) => layout.WordBytes switch
    {
        sizeof(uint) => TryJoin<uint>(layout, tensor, start, bytes, parts, fresh),
        sizeof(ushort) => TryJoin<ushort>(layout, tensor, start, bytes, parts, fresh),
        _ => TryJoin<byte>(layout, tensor, start, bytes, parts, fresh),
    };

    private static int Split<T>(WordLayout layout, ReadOnlySpan<byte> tensor, int start, int bytes, WordParts parts)
        where T : unmanaged, IBinaryInteger<T>
    {
        var words = MemoryMarshal.Cast<byte, T>(tensor);
        var (first, end) = (start / layout.WordBytes, (start + bytes) / layout.WordBytes);
        var fresh = 0;
        parts.Kinds.Clear();
        for (var i = first; i < end; i++)
        {
            var word = words[i];
            var kind = New;
            if (word == T.Zero) kind = Zero;
            else if (i >= layout.Left && words[i - layout.Left] == word) kind = Left;
            else if (i >= layout.Up && words[i - layout.Up] == word) kind = Up;
            parts.Kinds[(i - first) / 4] |= (byte)(kind << (i - first) % 4 * 2);
            if (kind != New) continue;
            var turned = T.RotateLeft(word, 1);
            parts.Heads[fresh] = byte.CreateTruncating(turned >>> (layout.WordBytes - 1) * 8);
            MemoryMarshal.Write(parts.Tails[(fresh * (layout.WordBytes - 1))..], in turned);
            fresh++;
        }

        return fresh;
    }

    private static bool TryJoin<T>(WordLayout layout, Span<byte> tensor, int start, int bytes, WordParts parts, int fresh)
        where T : unmanaged, IBinaryInteger<T>
    {
        var words = MemoryMarshal.Cast<byte, T>(tensor);
        var (first, end) = (start / layout.WordBytes, (start + bytes) / layout.WordBytes);
        var used = 0;
        for (var i = first; i < end; i++)
        {
            var kind = (uint)parts.Kinds[(i - first) / 4] >> (i - first) % 4 * 2 & 3;
            words[i] = kind switch
            {
                Zero => T.Zero,
                Left => i >= layout.Left ? words[i - layout.Left] : T.Zero,
                Up => i >= layout.Up ? words[i - layout.Up] : T.Zero,
                _ => T.Zero,
            };
            if (kind != New) continue;
            if (used == fresh) return false;
            words[i] = Unsplit<T>(parts, used++, layout.WordBytes);
        }

        return used == fresh;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Unsplit<T>(WordParts parts, int index, int wordBytes) where T : unmanaged, IBinaryInteger<T>
    {
        var head = T.CreateTruncating(parts.Heads[index]) << (wordBytes - 1) * 8;
        var tail = MemoryMarshal.Read<T>(parts.Tails[(index * (wordBytes - 1))..]) & (T.One << (wordBytes - 1) * 8) - T.One;
        return T.RotateRight(head | tail, 1);
    }
}
