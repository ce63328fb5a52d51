using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SplitInfer.Codecs.ConvFeature;

/// <summary>The tables by which a decoder finds the token of a slot, and where each context's lies. Spans of the caller.</summary>
/// <param name="entries">Room for <see cref="EntriesLength"/>.</param>
/// <param name="starts">Room for a number for each of <see cref="Contexts.Room"/>.</param>
internal unsafe ref struct DecoderTables(Span<uint> entries, Span<int> starts)
{
    /// <summary>Entries of all tables.</summary>
    public const int EntriesLength = (Contexts.Count + 1) * TokenModel.Scale + Spill;

    /// <summary>Bits 0–7 of an entry: the token. From 8: its frequency less one. From 19: how far the slot is from its first.</summary>
    public const int FrequencyLessOneBit = 8, OffsetBit = 19;

    // Numbers of a vector.
    private const int Spill = 16;

    private int _used;

    /// <summary>The entries.</summary>
    public Span<uint> Entries { get; } = entries;

    /// <summary>For each context the first of its entries.</summary>
    public Span<int> Starts { get; } = starts;

    /// <summary>Sets the certain model for every context: if a forged payload uses a context without a model, the value is the left neighbour's.</summary>
    public void Clear()
    {
        _used = 0;
        Add(Contexts.Certain, [TokenModel.Scale]);
        Starts.Clear();
    }

    /// <summary>Adds the model of a context, whose frequencies sum to the scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(int context, scoped ReadOnlySpan<ushort> frequencies)
    {
        Starts[context] = _used;
        fixed (uint* entries = Entries.Slice(_used, TokenModel.Scale + Spill))
        {
            var slots = entries;
            for (var token = 0; token < frequencies.Length; token++)
            {
                // Vectors go beyond a token's slots; the next token's follow.
                uint frequency = frequencies[token];
                var next = Vector512.Create((uint)token | (frequency - 1) << FrequencyLessOneBit) + (Vector512<uint>.Indices << OffsetBit);
                for (var slot = 0; slot < frequency; slot += Spill, next += Vector512.Create((uint)Spill << OffsetBit)) next.Store(slots + slot);
                slots += frequency;
            }
        }

        _used += TokenModel.Scale;
    }

    /// <summary>Lets a context use the model of another.</summary>
    public readonly void Share(int context, int with) => Starts[context] = Starts[with];
}
