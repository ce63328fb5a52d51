using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using SplitInfer.Codecs;
using SplitInfer.Tensors;

namespace SplitInfer.Exits;

/// <summary>Makes features of the values of a boundary. Allocates nothing.</summary>
internal static class FeaturePooling
{
    /// <summary>Floats of scratch memory that pooling needs.</summary>
    public static int ScratchOf(ExitFeatures value) => (value.Type == ElementType.Float32 ? 0 : checked((int)value.Shape.ElementCount)) + WidthOf(value);

    /// <summary>Writes the features of one value.</summary>
    /// <param name="value">How it is pooled.</param>
    /// <param name="elements">Its elements.</param>
    /// <param name="features">Receives them: <see cref="ExitFeatures.Count"/>.</param>
    /// <param name="scratch">Scratch memory: <see cref="ScratchOf"/>.</param>
    public static void Pool(ExitFeatures value, ReadOnlySpan<byte> elements, Span<float> features, Span<float> scratch)
    {
        if (value is { Pooling: ExitPooling.Flat, Type: not ElementType.Float32 })
        {
            Widen(value.Type, elements, features);
            return;
        }

        var numbers = value.Type == ElementType.Float32 ? MemoryMarshal.Cast<byte, float>(elements) : Widen(value.Type, elements, scratch[WidthOf(value)..][..(int)value.Shape.ElementCount]);
        switch (value.Pooling)
        {
            case ExitPooling.Flat:
                numbers.CopyTo(features);
                break;
            case ExitPooling.Mean:
                Mean(numbers, features);
                break;
            default:
                Grid(value, numbers, features, scratch[..WidthOf(value)]);
                break;
        }
    }

    private static int WidthOf(ExitFeatures value) => value.Pooling == ExitPooling.Grid ? checked((int)value.Shape.Dimensions[3]) : 0;

    private static void Grid(ExitFeatures value, ReadOnlySpan<float> numbers, Span<float> features, Span<float> band)
    {
        var (height, width) = ((int)value.Shape.Dimensions[2], (int)value.Shape.Dimensions[3]);
        var next = 0;
        for (var map = 0; map < numbers.Length; map += height * width)
        {
            for (var row = 0; row < value.Rows; row++)
            {
                var (top, bottom) = (End(row, height, value.Rows), End(row + 1, height, value.Rows));
                var rows = numbers.Slice(map + (top * width), (bottom - top) * width);
                if (value.Columns == 1)
                {
                    features[next++] = TensorPrimitives.Sum(rows) / rows.Length;
                    continue;
                }

                // Rows are added up first, which are longer than what a cell has of one.
                rows[..width].CopyTo(band);
                for (var line = 1; line < bottom - top; line++) TensorPrimitives.Add(band, rows.Slice(line * width, width), band);
                for (var column = 0; column < value.Columns; column++)
                {
                    var (left, right) = (End(column, width, value.Columns), End(column + 1, width, value.Columns));
                    features[next++] = TensorPrimitives.Sum<float>(band[left..right]) / ((right - left) * (bottom - top));
                }
            }
        }
    }

    private static void Mean(ReadOnlySpan<float> numbers, Span<float> features)
    {
        features.Clear();
        for (var at = 0; at < numbers.Length; at += features.Length) TensorPrimitives.Add(features, numbers.Slice(at, features.Length), features);
        TensorPrimitives.Divide(features, numbers.Length / features.Length, features);
    }

    // Where a cell ends, so that cells differ in size by one at most.
    private static int End(int cell, int size, int cells) => (int)((long)cell * size / cells);

    private static Span<float> Widen(ElementType type, ReadOnlySpan<byte> elements, Span<float> numbers)
    {
        if (type == ElementType.UInt8) TensorPrimitives.ConvertTruncating(elements, numbers);
        else if (type == ElementType.Int8) TensorPrimitives.ConvertTruncating(MemoryMarshal.Cast<byte, sbyte>(elements), numbers);
        else FloatingPoint.Read(type, elements, numbers);
        return numbers;
    }
}
