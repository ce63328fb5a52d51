using SplitInfer.Tensors;

namespace SplitInfer.Batching;

/// <summary>Puts tensors of one input each together as the rows of a batch, and takes a batch apart.</summary>
internal static class BatchRows
{
    // What another order of additions may change.
    private const double Tolerance = 1e-4;

    /// <summary>Whether a tensor can be a row: it is that of one input, and its bytes can be put behind those of another one.</summary>
    public static bool CanBe(TensorValue tensor) => tensor.Shape.Rank > 0 && tensor.Shape.Dimensions[0] == 1 && tensor.ElementType.HasFixedSize() && tensor.ElementType.BitWidth() % 8 == 0;

    /// <summary>Room for a batch like a row. The caller owns it.</summary>
    /// <param name="row">One row.</param>
    /// <param name="count">How many the batch has.</param>
    /// <exception cref="ArgumentOutOfRangeException">It would be over 2 GiB.</exception>
    public static TensorValue Allocate(TensorValue row, int count) => TensorValue.Allocate(row.ElementType, ShapeOf(row.Shape, count));

    /// <summary>Copies a row to its place in a batch.</summary>
    public static void Put(TensorValue row, TensorValue batch, int place) => row.Bytes.Span.CopyTo(batch.Bytes.Span.Slice(place * row.ByteLength, row.ByteLength));

    /// <summary>A copy of a row of a batch, which the caller owns.</summary>
    /// <remarks>A view would keep the whole batch in memory for as long as the slowest of its clients takes to read a reply, and count as a row of it.</remarks>
    /// <param name="batch">The batch.</param>
    /// <param name="place">Which row.</param>
    /// <param name="count">How many it has.</param>
    /// <returns>The row; null if the tensor has not that many.</returns>
    public static TensorValue? Take(TensorValue batch, int place, int count)
    {
        if (!HasRows(batch, count)) return null;
        var bytes = batch.ByteLength / count;
        return TensorValue.From(batch.ElementType, ShapeOf(batch.Shape, 1), batch.Bytes.Span.Slice(place * bytes, bytes));
    }

    /// <summary>Whether a tensor has a row for each of so many inputs.</summary>
    public static bool HasRows(TensorValue batch, int count) =>
        batch.Shape.Rank > 0 && batch.Shape.Dimensions[0] == count && batch.ElementType.HasFixedSize() && batch.ElementType.BitWidth() % 8 == 0;

    /// <summary>Compares what a batch yields with what each of its rows yields alone.</summary>
    /// <param name="alone">For each row the outputs of a run of its own.</param>
    /// <param name="together">The outputs of the batch.</param>
    /// <param name="names">The names of the outputs.</param>
    /// <returns>How they differ, in words for people; null if they do not.</returns>
    public static string? Compare(IReadOnlyList<IReadOnlyList<TensorValue>> alone, IReadOnlyList<TensorValue> together, IReadOnlyList<string> names)
    {
        for (var place = 0; place < alone.Count; place++)
        {
            for (var i = 0; i < names.Count; i++)
            {
                using var row = Take(together[i], place, alone.Count);
                if (row is null || row.Shape != alone[place][i].Shape) return $"the output '{names[i]}' has no row for each input";
                if (!TensorDifference.Between(alone[place][i], row).IsWithin(Tolerance)) return $"the output '{names[i]}' of an input in a batch is not what it is alone: some layer takes rows together";
            }
        }

        return null;
    }

    private static TensorShape ShapeOf(TensorShape shape, int count) => new([count, .. shape.Dimensions[1..]]);
}
