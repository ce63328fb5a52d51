using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using SplitInfer.Codecs.Entropy;
using SplitInfer.Tensors;

namespace SplitInfer.Codecs.ConvFeature;

/// <summary>Decodes a tensor row by row.</summary>
internal static unsafe class ConvFeatureDecoder
{
    private const int Lanes = LaneLayout.Lanes;

    /// <summary>Decodes a payload that may be forged.</summary>
    /// <param name="reader">The payload behind its first byte.</param>
    /// <param name="shape">The dimensions.</param>
    /// <param name="type">A floating-point type.</param>
    /// <param name="tensor">Receives the elements.</param>
    /// <param name="path">How wide to compute.</param>
    /// <exception cref="InvalidPayloadException">The payload is not one that the encoder writes.</exception>
    public static void Decode(ref PayloadReader reader, TensorShape shape, ElementType type, Span<byte> tensor, VectorPath path)
    {
        var step = reader.ReadSingle();
        if (step == 0)
        {
            tensor.Clear();
            return;
        }

        var signs = reader.ReadByte();
        if (!Step.IsUsable(step) || signs > 1 || tensor.IsEmpty) throw reader.Invalid("a step or its signs are out of range");
        using var entries = new Pooled<uint>(DecoderTables.EntriesLength);
        using var starts = new Pooled<int>(Contexts.Room);
        var tables = new DecoderTables(entries.Span, starts.Span);
        ContextModels.Read(ref reader, ref tables);
        var states = stackalloc uint[Lanes];
        for (var lane = 0; lane < Lanes; lane++)
        {
            states[lane] = reader.ReadUInt32();
            if (states[lane] is < Rans.LowBound or >= 1u << 31) throw reader.Invalid("a stream begins in a state out of range");
        }

        var stream = reader.ReadBytes(reader.Rest.Length);
        if (stream.Length % sizeof(ushort) != 0) throw reader.Invalid("a stream ends within a word");

        // Steps that begin near the end read beyond it.
        using var words = new Pooled<ushort>(stream.Length / sizeof(ushort) + TokenStream.Spill);
        stream.CopyTo(MemoryMarshal.AsBytes(words.Span));
        words.Span[^TokenStream.Spill..].Clear();
        if (!TryDecode(LaneLayout.Of(shape), type, tensor, step, signs == 0 ? 0 : Prediction.ReachBothSides, states, tables, words.Span, path))
            throw reader.Invalid("a stream does not end where it should");
    }

    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool TryDecode(LaneLayout layout, ElementType type, Span<byte> tensor, float step, int reach, uint* states, DecoderTables tables, Span<ushort> words, VectorPath path)
    {
        using var memory = new Pooled<int>(RowWindow.Length(layout.Width));
        using var scratch = new Pooled<float>(LaneRows.ScratchLength(layout, type));
        var rows = stackalloc float*[Lanes];
        var laneStarts = stackalloc int[Lanes];
        fixed (byte* elements = tensor)
        fixed (float* converted = scratch.Span)
        fixed (int* window = memory.Span, start = tables.Starts)
        fixed (uint* entry = tables.Entries)
        fixed (ushort* firstWord = words)
        {
            var destination = new LaneRows(layout, type, elements, converted, laneStarts);
            var at = new RowWindow(window, layout.Width);
            var word = firstWord;
            var end = firstWord + words.Length - TokenStream.Spill;
            for (var group = 0; group < layout.Groups; group++)
            {
                destination.StartGroup(group);
                for (var row = 0; row < layout.StripHeight; row++)
                {
                    var live = layout.LiveLanes(group, row);
                    at.StartRow(row);
                    if (path == VectorPath.Scalar) TokenDecode.Scalar(at, live, reach, states, entry, start, ref word, end);
                    else TokenDecode.Wide(at, live, reach, states, entry, start, ref word, end);
                    if (word > end) return false;
                    destination.Locate(row, live, rows);
                    RowQuantization.Restore(at.Values, step, rows, live, layout.Width, path);
                    destination.Write(row, live, rows);
                }
            }

            return word == end && new Span<uint>(states, Lanes).IndexOfAnyExcept(Rans.LowBound) < 0;
        }
    }
}
