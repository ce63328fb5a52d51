using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace SplitInfer.Codecs.Entropy;

/// <summary>
/// Encodes one stream of interleaved rANS, from its end to its start: symbols and models that are decoded last are written first.
/// </summary>
internal unsafe ref struct RansEncoder
{
    private readonly Span<byte> _work;
    private readonly VectorPath _path;
    private readonly int _lanes;
    private int _start;
    private States _states;

    /// <summary>Begins a stream.</summary>
    /// <param name="work">Room for the stream, at least <see cref="Rans.WorkLength"/> of all symbols that will be written.</param>
    /// <param name="lanes">Lanes of the stream.</param>
    /// <param name="path">How wide to compute.</param>
    public RansEncoder(Span<byte> work, int lanes, VectorPath path)
    {
        _work = work;
        (_lanes, _path, _start) = (lanes, path, work.Length);
        ((Span<uint>)_states).Fill(Rans.LowBound);
    }

    /// <summary>Writes <paramref name="symbols"/> in front of the previous ones, under the model of <paramref name="table"/>, in which each has a frequency.</summary>
    public void Write(scoped ReadOnlySpan<ulong> table, scoped ReadOnlySpan<byte> symbols)
    {
        if (_start < Rans.WorkLength(symbols.Length)) throw new ArgumentException("The room is too small for these symbols.", nameof(symbols));
        var (steps, rest) = Math.DivRem(symbols.Length, _lanes);
        fixed (ulong* entries = table[..RansTables.EncoderLength])
        fixed (uint* states = &_states[0])
        fixed (byte* source = symbols, work = _work)
        {
            var word = (ushort*)(work + _start);
            var end = source + symbols.Length;
            if (rest > 0) word = RansEncode.Scalar(states, rest, entries, word, end, 1);
            end -= rest;
            word = _path switch
            {
                VectorPath.Vector512 => RansEncode.Wide512(states, _lanes, entries, word, end, steps),
                VectorPath.Vector256 => RansEncode.Wide256(states, _lanes, entries, word, end, steps),
                VectorPath.Vector128 => RansEncode.Wide128(states, _lanes, entries, word, end, steps),
                _ => RansEncode.Scalar(states, _lanes, entries, word, end, steps),
            };
            _start = (int)((byte*)word - work);
        }
    }

    /// <summary>Puts the states before the words.</summary>
    /// <returns>The stream, at the end of the room.</returns>
    public ReadOnlySpan<byte> Finish()
    {
        var stream = _work[(_start - Rans.HeaderLength(_lanes))..];
        stream[0] = (byte)_lanes;
        for (var lane = 0; lane < _lanes; lane++) BinaryPrimitives.WriteUInt32LittleEndian(stream[(1 + lane * sizeof(uint))..], _states[lane]);
        return stream;
    }

    [InlineArray(Rans.MaxLanes)]
    private struct States
    {
        private uint _first;
    }
}
