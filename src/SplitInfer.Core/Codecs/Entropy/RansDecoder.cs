using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace SplitInfer.Codecs.Entropy;

/// <summary>
/// Decodes one stream of interleaved rANS, possibly under one model after another. The stream may be forged: nothing is read
/// beyond it, and <see cref="Finish"/> finds nearly every change, since all lanes must end where the encoder began.
/// </summary>
internal unsafe ref struct RansDecoder
{
    // Words that a step may read: one for each lane, and the rest of a vector beyond the last.
    private const int Slack = Rans.MaxLanes + 16;

    private readonly string _codec;
    private readonly VectorPath _path;
    private readonly int _lanes;
    private ReadOnlySpan<byte> _words;
    private States _states;

    /// <summary>Reads the start of a stream.</summary>
    /// <param name="codec">Name of the codec that decodes, for the message.</param>
    /// <param name="stream">Exactly the stream.</param>
    /// <param name="path">How wide to compute.</param>
    /// <exception cref="InvalidPayloadException">It is no stream.</exception>
    public RansDecoder(string codec, ReadOnlySpan<byte> stream, VectorPath path)
    {
        _codec = codec;
        _path = path;
        var reader = new PayloadReader(codec, stream);
        _lanes = reader.ReadByte();
        if (!Rans.IsLaneCount(_lanes)) throw reader.Invalid($"a stream has {_lanes} lanes");
        for (var lane = 0; lane < _lanes; lane++)
        {
            _states[lane] = reader.ReadUInt32();
            if (_states[lane] is < Rans.LowBound or >= 1u << 31) throw reader.Invalid("a stream begins in a state out of range");
        }

        _words = reader.Rest;
        if (_words.Length % sizeof(ushort) != 0) throw reader.Invalid("a stream ends within a word");
    }

    /// <summary>Decodes the next symbols, as many as <paramref name="symbols"/> holds, under the model of <paramref name="table"/>.</summary>
    /// <exception cref="InvalidPayloadException">The stream ends early.</exception>
    [SkipLocalsInit]
    public void Read(scoped ReadOnlySpan<uint> table, scoped Span<byte> symbols)
    {
        var (steps, rest) = Math.DivRem(symbols.Length, _lanes);
        fixed (uint* entries = table[..RansTables.DecoderLength], states = &_states[0])
        fixed (byte* source = _words, destination = symbols)
        {
            var word = (ushort*)source;
            var end = word + _words.Length / sizeof(ushort);
            var done = 0;
            if (end - word >= Slack) done = Run(states, _lanes, entries, ref word, end - Slack, destination, steps);

            // Near the end steps read from a copy with zeros behind it, until they ask for more than there is.
            if (done < steps || rest > 0)
            {
                var left = (int)(end - word);
                if (left <= Slack)
                {
                    var copy = stackalloc ushort[2 * Slack];
                    new Span<ushort>(word, left).CopyTo(new Span<ushort>(copy, left));
                    new Span<ushort>(copy + left, 2 * Slack - left).Clear();
                    var at = copy;
                    done += Run(states, _lanes, entries, ref at, copy + left, destination + done * _lanes, steps - done);
                    if (done < steps) Refuse();
                    if (rest > 0) RansDecode.Scalar(states, rest, entries, ref at, copy + left, destination + done * _lanes, 1);
                    if (at > copy + left) Refuse();
                    word += at - copy;
                }
                else
                {
                    RansDecode.Scalar(states, rest, entries, ref word, end - Slack, destination + done * _lanes, 1);
                }
            }

            _words = _words[(int)((byte*)word - source)..];
        }
    }

    /// <summary>Checks that the stream was read to its end and came out where the encoder began.</summary>
    /// <exception cref="InvalidPayloadException">It did not.</exception>
    public readonly void Finish()
    {
        if (!_words.IsEmpty) throw new InvalidPayloadException(_codec, $"{_words.Length} bytes of a stream were left over");
        foreach (var state in ((ReadOnlySpan<uint>)_states)[.._lanes])
        {
            if (state != Rans.LowBound) throw new InvalidPayloadException(_codec, "a stream does not end where it should");
        }
    }

    private readonly int Run(uint* states, int lanes, uint* table, ref ushort* words, ushort* limit, byte* symbols, int steps) => _path switch
    {
        VectorPath.Vector512 => RansDecode.Wide512(states, lanes, table, ref words, limit, symbols, steps),
        VectorPath.Vector256 => RansDecode.Wide256(states, lanes, table, ref words, limit, symbols, steps),
        VectorPath.Vector128 => RansDecode.Wide128(states, lanes, table, ref words, limit, symbols, steps),
        _ => RansDecode.Scalar(states, lanes, table, ref words, limit, symbols, steps),
    };

    [DoesNotReturn]
    private readonly void Refuse() => throw new InvalidPayloadException(_codec, "a stream ends early");

    [InlineArray(Rans.MaxLanes)]
    private struct States
    {
        private uint _first;
    }
}
