using System.Buffers.Binary;

namespace SplitInfer.Testing.Fuzzing;

/// <summary>Damages payloads as an attacker who knows the formats would, from a seed.</summary>
internal sealed class PayloadMutator(int seed)
{
    private static readonly uint[] Telling = [0, 1, 2, 7, 8, 15, 16, 17, 63, 64, 127, 128, 255, 256, 4095, 4096, 32767, 32768, 65535, 65536, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0x7F80_0000, 0x7FC0_0000];

    private readonly Random _random = new(seed);

    /// <summary>Writes a damaged copy of <paramref name="payload"/>, perhaps with parts of <paramref name="other"/>, and returns its length.</summary>
    public int Mutate(ReadOnlySpan<byte> payload, ReadOnlySpan<byte> other, Span<byte> damaged)
    {
        var length = Math.Min(payload.Length, damaged.Length);
        payload[..length].CopyTo(damaged);
        for (var i = _random.Next(1, 5); i > 0; i--) length = MutateOnce(damaged, length, other);
        return length;
    }

    private int MutateOnce(Span<byte> bytes, int length, ReadOnlySpan<byte> other)
    {
        if (length == 0) return _random.Next(Math.Min(bytes.Length, 40));
        // The first bytes decide the most.
        var at = _random.Next(3) == 0 ? _random.Next(Math.Min(length, 48)) : _random.Next(length);
        switch (_random.Next(8))
        {
            case 0:
                bytes[at] ^= (byte)(1 << _random.Next(8));
                break;
            case 1:
                bytes[at] = (byte)_random.Next(256);
                break;
            case 2:
                bytes[at] += (byte)(_random.Next(2) == 0 ? 1 : 255);
                break;
            case 3 when length - at >= sizeof(uint):
                var telling = Telling[_random.Next(Telling.Length)] + (uint)_random.Next(-1, 2);
                BinaryPrimitives.WriteUInt32LittleEndian(bytes[at..], telling);
                break;
            case 4:
                return at;
            case 5:
                var longer = Math.Min(bytes.Length, length + _random.Next(1, 64));
                _random.NextBytes(bytes[length..longer]);
                return longer;
            case 6:
                var part = _random.Next(length - at) + 1;
                bytes.Slice(_random.Next(length - part + 1), part).ToArray().CopyTo(bytes[at..]);
                break;
            default:
                var foreign = Math.Min(other.Length, length - at);
                if (foreign > 0) other.Slice(_random.Next(other.Length - foreign + 1), _random.Next(foreign) + 1).CopyTo(bytes[at..]);
                break;
        }

        return length;
    }
}
