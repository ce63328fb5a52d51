using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using SplitInfer.Codecs.Entropy;
using SplitInfer.Codecs.Quantized;
using SplitInfer.Tensors;

namespace SplitInfer.Codecs.ConvFeature;

/// <summary>Encodes a tensor in three passes: statistics, quantisation to codes that are counted, and their entropy coding from the end to the start.</summary>
internal static unsafe class ConvFeatureEncoder
{
    private const int Lanes = LaneLayout.Lanes;

    /// <summary>Encodes a tensor if it can be quantised and then fits <paramref name="payload"/>.</summary>
    /// <param name="percent">The step, in hundredths of the mean magnitude.</param>
    /// <param name="shape">Its dimensions.</param>
    /// <param name="type">A floating-point type.</param>
    /// <param name="tensor">The elements.</param>
    /// <param name="payload">Receives the payload without its first byte.</param>
    /// <param name="path">How wide to compute.</param>
    /// <param name="length">Bytes written.</param>
    public static bool TryEncode(int percent, TensorShape shape, ElementType type, ReadOnlySpan<byte> tensor, Span<byte> payload, VectorPath path, out int length)
    {
        var statistics = Measure(type, tensor, path);
        var writer = new PayloadWriter(payload);
        length = 0;
        if (!statistics.IsFinite) return false;
        if (statistics.NonZero == 0)
        {
            writer.Write(0f);
        }
        else
        {
            var step = Step.Of(statistics, percent);
            var layout = LaneLayout.Of(shape);

            // Half a step beyond the largest binary16 lies infinity.
            if (type == ElementType.Float16 && statistics.Largest + step > (float)Half.MaxValue) return false;
            if (!Step.IsUsable(step) || 2 * layout.PaddedCount > Array.MaxLength - TokenStream.Spill) return false;
            writer.Write(step);
            writer.Write([statistics.Min < 0 ? (byte)1 : (byte)0]);
            Encode(layout, type, tensor, step, statistics.Min < 0 ? Prediction.ReachBothSides : 0, ref writer, path);
        }

        length = writer.Written;
        return !writer.Overran;
    }

    private static Statistics Measure(ElementType type, ReadOnlySpan<byte> tensor, VectorPath path)
    {
        using var scratch = new Pooled<float>(Chunks.Values);
        var numbers = new Numbers(type, tensor, scratch.Span);
        var all = Statistics.None;
        for (var start = 0; start < numbers.Count; start += Chunks.Values)
            all = all.With(Statistics.Of(numbers[start, Math.Min(Chunks.Values, numbers.Count - start)], path));
        return all;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Encode(LaneLayout layout, ElementType type, ReadOnlySpan<byte> tensor, float step, int reach, ref PayloadWriter writer, VectorPath path)
    {
        using var codes = new Pooled<int>((int)layout.PaddedCount);
        using var counts = new Pooled<uint>(ContextModels.CountsLength * TokenAnalysis.CountTables);
        counts.Span.Clear();
        Analyse(layout, type, tensor, step, reach, codes.Span, counts.Span, path);
        var total = counts.Span[..ContextModels.CountsLength];
        for (var part = 1; part < TokenAnalysis.CountTables; part++)
        {
            var other = counts.Span.Slice(part * ContextModels.CountsLength, ContextModels.CountsLength);
            for (var code = 0; code < total.Length; code += Vector512<uint>.Count)
                (Vector512.Create(total[code..]) + Vector512.Create(other[code..])).CopyTo(total[code..]);
        }

        using var table = new Pooled<uint>(EncoderTable.Length);
        using var models = new Pooled<byte>(ContextModels.MaxLength);
        writer.Write(models.Span[..ContextModels.Write(total, models.Span, new(table.Span), out var mask)]);
        WriteTokens(codes.Span, table.Span, mask, ref writer, path);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Analyse(LaneLayout layout, ElementType type, ReadOnlySpan<byte> tensor, float step, int reach, Span<int> codes, Span<uint> counts, VectorPath path)
    {
        using var memory = new Pooled<int>(RowWindow.Length(layout.Width));
        using var scratch = new Pooled<float>(LaneRows.ScratchLength(layout, type));
        var rows = stackalloc float*[Lanes];
        var laneStarts = stackalloc int[Lanes];
        fixed (byte* elements = tensor)
        fixed (float* converted = scratch.Span)
        fixed (int* window = memory.Span, firstCode = codes)
        fixed (uint* count = counts)
        {
            var source = new LaneRows(layout, type, elements, converted, laneStarts);
            var at = new RowWindow(window, layout.Width);
            var code = firstCode;
            for (var group = 0; group < layout.Groups; group++)
            {
                source.StartGroup(group);
                for (var row = 0; row < layout.StripHeight; row++, code += layout.Width * Lanes)
                {
                    var live = layout.LiveLanes(group, row);
                    at.StartRow(row);
                    source.Read(row, live, rows);
                    RowQuantization.Quantise(rows, live, layout.Width, 1 / step, at.Values, path);
                    if (path == VectorPath.Scalar) TokenAnalysis.Scalar(at, live, reach, code, count);
                    else TokenAnalysis.Wide(at, live, reach, code, count);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WriteTokens(Span<int> codes, Span<uint> entries, int mask, ref PayloadWriter writer, VectorPath path)
    {
        using var words = new Pooled<ushort>(2 * codes.Length + TokenStream.Spill);
        var states = stackalloc uint[Lanes];
        new Span<uint>(states, Lanes).Fill(Rans.LowBound);
        fixed (int* code = codes)
        fixed (uint* table = entries)
        fixed (ushort* word = words.Span)
        {
            var end = word + words.Span.Length;
            var start = path == VectorPath.Scalar
                ? TokenEncode.Scalar(states, table, mask, end, code, codes.Length / Lanes)
                : TokenEncode.Wide(states, table, mask, end, code, codes.Length / Lanes);
            Span<byte> header = stackalloc byte[TokenStream.HeaderLength];
            for (var lane = 0; lane < Lanes; lane++) BinaryPrimitives.WriteUInt32LittleEndian(header[(lane * sizeof(uint))..], states[lane]);
            writer.Write(header);
            writer.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<ushort>(start, (int)(end - start))));
        }
    }
}
