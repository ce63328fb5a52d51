using System.Buffers.Binary;
using SplitInfer.Protocol;

namespace SplitInfer.Fuzzing.Wire;

/// <summary>Frames one after the other, damaged as whole frames and inside, and sealed again so that the damage gets past the checksums.</summary>
internal static class FrameScript
{
    private static readonly ulong[] TellingIds = [0, 1, 2, 3, uint.MaxValue, 1UL << 32, ulong.MaxValue];

    /// <summary>Takes frames apart, by the lengths that they state; what is left over is one more.</summary>
    public static List<byte[]> Split(ReadOnlySpan<byte> bytes)
    {
        var frames = new List<byte[]>();
        while (!bytes.IsEmpty)
        {
            var length = bytes.Length;
            if (bytes.Length >= FrameHeader.Size)
            {
                var stated = FrameHeader.Size + (long)BinaryPrimitives.ReadUInt32LittleEndian(bytes[16..]) + BinaryPrimitives.ReadUInt32LittleEndian(bytes[20..]);
                length = (int)Math.Min(stated, bytes.Length);
            }

            frames.Add(bytes[..length].ToArray());
            bytes = bytes[length..];
        }

        return frames;
    }

    /// <summary>Damages a script.</summary>
    /// <param name="random">Decides how.</param>
    /// <param name="frames">The script; changed.</param>
    /// <param name="other">Another, of which frames may be taken.</param>
    /// <param name="damage">Damages bytes.</param>
    public static byte[] Damage(Random random, List<byte[]> frames, List<byte[]> other, Func<Random, byte[], byte[]> damage)
    {
        for (var i = random.Next(1, 4); i > 0 && frames.Count > 0; i--)
        {
            var at = random.Next(frames.Count);
            switch (random.Next(12))
            {
                case 0: frames.RemoveAt(at); break;
                case 1: frames.Insert(at, [.. frames[at]]); break;
                case 2: (frames[at], frames[^1]) = (frames[^1], frames[at]); break;
                case 3: frames.Insert(at, other[random.Next(other.Count)]); break;
                case 4 when frames[at].Length >= FrameHeader.Size: frames[at] = [.. frames[at]]; frames[at][5] = (byte)random.Next(17); break;
                case 5 when frames[at].Length >= FrameHeader.Size:
                    frames[at] = [.. frames[at]];
                    BinaryPrimitives.WriteUInt64LittleEndian(frames[at].AsSpan(8), TellingIds[random.Next(TellingIds.Length)]);
                    break;
                case 6 when frames[at].Length >= FrameHeader.Size: frames[at] = [.. frames[at]]; frames[at][6] ^= 1; break;
                case 7: frames[at] = damage(random, frames[at]); break;
                default: frames[at] = DamageInside(random, frames[at], damage); break;
            }
        }

        for (var i = 0; i < frames.Count; i++)
            if (random.Next(16) != 0) Seal(frames[i] = [.. frames[i]]);
        return [.. frames.SelectMany(static frame => frame)];
    }

    /// <summary>Has a frame state its own lengths and checksums.</summary>
    private static void Seal(byte[] frame)
    {
        if (frame.Length < FrameHeader.Size) return;
        var headerLength = (int)Math.Min(BinaryPrimitives.ReadUInt32LittleEndian(frame.AsSpan(16)), frame.Length - FrameHeader.Size);
        var payload = frame.AsSpan(FrameHeader.Size + headerLength);
        new FrameHeader((FrameType)frame[5], (frame[6] & 1) != 0, BinaryPrimitives.ReadUInt64LittleEndian(frame.AsSpan(8)), headerLength, payload.Length, Crc32C.Append(0, payload)).Write(frame);
    }

    /// <summary>Damages the protobuf header or the payload, which may change its length.</summary>
    private static byte[] DamageInside(Random random, byte[] frame, Func<Random, byte[], byte[]> damage)
    {
        if (frame.Length <= FrameHeader.Size) return frame;
        var headerLength = (int)Math.Min(BinaryPrimitives.ReadUInt32LittleEndian(frame.AsSpan(16)), frame.Length - FrameHeader.Size);
        var (header, payload) = (frame[FrameHeader.Size..(FrameHeader.Size + headerLength)], frame[(FrameHeader.Size + headerLength)..]);
        if (random.Next(2) == 0 && HeaderDamage.Of(random, (FrameType)frame[5], header) is { } other) header = other;
        else if (header.Length > 0 && (payload.Length == 0 || random.Next(4) != 0)) header = damage(random, header);
        else payload = damage(random, payload);
        byte[] whole = [.. frame.AsSpan(0, FrameHeader.Size), .. header, .. payload];
        BinaryPrimitives.WriteInt32LittleEndian(whole.AsSpan(16), header.Length);
        BinaryPrimitives.WriteInt32LittleEndian(whole.AsSpan(20), payload.Length);
        return whole;
    }
}
