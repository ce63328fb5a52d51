using System.Collections.Immutable;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace SplitInfer.Tensors;

/// <summary>
/// What applications make of the scores of a classifier. The classes are the last axis; of a tensor N×C×1×1, as convolutional classifiers yield,
/// they are C. All other axes are counted together as rows, each of which has a score for every class.
/// </summary>
public static class Classification
{
    // Blocks without a score that is needed are passed over by their largest number.
    private const int BlockLength = 64;

    /// <summary>The softmax of every row: scores between 0 and 1 that add up to 1, in the order of the given ones. A row with a NaN or with infinity gives NaN.</summary>
    /// <param name="scores">Scores of type float32.</param>
    /// <returns>A tensor of the same shape, which the caller disposes.</returns>
    /// <exception cref="TensorMismatchException">The scores are not of type float32, or are a scalar.</exception>
    /// <exception cref="ObjectDisposedException">The tensor was disposed.</exception>
    public static TensorValue Softmax(this TensorValue scores)
    {
        var classes = ClassesOf(scores, nameof(Softmax));
        ReadOnlySpan<float> from = scores.Span<float>();
        var result = TensorValue.Allocate(ElementType.Float32, scores.Shape);
        var to = result.Span<float>();
        for (var at = 0; at < from.Length; at += classes) Softmax(from.Slice(at, classes), to.Slice(at, classes));
        return result;
    }

    /// <summary>The classes with the highest scores, the highest first; of equal scores the lower index first, NaN last.</summary>
    /// <param name="scores">Scores of type float32, of one row.</param>
    /// <param name="count">How many classes; fewer are returned where there are not as many.</param>
    /// <exception cref="TensorMismatchException">The scores are not of type float32, are a scalar, or have several rows.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is not positive.</exception>
    /// <exception cref="ObjectDisposedException">The tensor was disposed.</exception>
    public static ImmutableArray<ClassScore> TopK(this TensorValue scores, int count)
    {
        var classes = ClassesOf(scores, nameof(TopK));
        if (scores.Shape.ElementCount != classes)
            throw new TensorMismatchException($"{nameof(TopK)} takes one row of scores, and {scores} has {(classes == 0 ? "none" : $"{scores.Shape.ElementCount / classes} of {classes}")}. Name the row: {nameof(TopK)}(count, row).");
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        return TopK(scores.Span<float>(), count);
    }

    /// <summary>The classes with the highest scores in one row of a batch, the highest first; of equal scores the lower index first, NaN last.</summary>
    /// <param name="scores">Scores of type float32.</param>
    /// <param name="count">How many classes; fewer are returned where there are not as many.</param>
    /// <param name="row">The row, from 0.</param>
    /// <exception cref="TensorMismatchException">The scores are not of type float32, or are a scalar.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is not positive, or there is no such row.</exception>
    /// <exception cref="ObjectDisposedException">The tensor was disposed.</exception>
    public static ImmutableArray<ClassScore> TopK(this TensorValue scores, int count, int row)
    {
        var classes = ClassesOf(scores, nameof(TopK));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, classes == 0 ? 0 : scores.Shape.ElementCount / classes);
        return TopK(scores.Span<float>().Slice(row * classes, classes), count);
    }

    /// <summary>The highest of many numbers, the highest first; of equal ones the first, NaN last.</summary>
    internal static ImmutableArray<ClassScore> TopK(ReadOnlySpan<float> scores, int count)
    {
        count = Math.Min(count, scores.Length);
        // The worst of those kept is at the head, so that one comparison decides about most numbers.
        var kept = new PriorityQueue<int, ClassScore>(count, WorstFirst.Instance);
        for (var index = 0; index < count; index++) kept.Enqueue(index, new(index, scores[index]));
        for (var start = count; start < scores.Length; start += BlockLength)
        {
            var block = scores.Slice(start, Math.Min(BlockLength, scores.Length - start));
            if (TensorPrimitives.Max(block) <= scores[kept.Peek()]) continue;
            for (var at = 0; at < block.Length; at++)
                if (block[at].CompareTo(scores[kept.Peek()]) > 0) kept.EnqueueDequeue(start + at, new(start + at, block[at]));
        }

        var best = new ClassScore[count];
        for (var place = count - 1; place >= 0; place--)
        {
            var index = kept.Dequeue();
            best[place] = new(index, scores[index]);
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(best);
    }

    // The largest number is taken off first, so that no exponential overflows.
    private static void Softmax(ReadOnlySpan<float> scores, Span<float> result)
    {
        TensorPrimitives.Subtract(scores, TensorPrimitives.Max(scores), result);
        TensorPrimitives.Exp(result, result);
        TensorPrimitives.Divide(result, TensorPrimitives.Sum<float>(result), result);
    }

    private static int ClassesOf(TensorValue scores, string operation)
    {
        ArgumentNullException.ThrowIfNull(scores);
        if (scores.ElementType != ElementType.Float32)
            throw new TensorMismatchException($"{operation} takes scores of type float32, and the tensor is {scores}. Convert its elements, or take another output of the model.");
        return scores.Shape.Dimensions switch
        {
            [] => throw new TensorMismatchException($"{operation} takes scores with an axis of classes, and the tensor is {scores}. Take another output of the model."),
            [_, var channels, 1, 1] => (int)channels,
            [.., var last] => (int)last,
        };
    }

    private sealed class WorstFirst : IComparer<ClassScore>
    {
        public static WorstFirst Instance { get; } = new();

        public int Compare(ClassScore x, ClassScore y) => x.Score.CompareTo(y.Score) is not 0 and var order ? order : y.Index.CompareTo(x.Index);
    }
}
