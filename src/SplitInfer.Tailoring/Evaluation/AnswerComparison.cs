using System.Buffers;
using SplitInfer.Codecs;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Evaluation;

/// <summary>How the outputs of a model on one sample compare with those of another one.</summary>
/// <param name="IsOneRow">Whether the only output is one row of several scores: N, 1×N or 1×N×1×1.</param>
/// <param name="Classes">Number of elements of the first output.</param>
/// <param name="Class">The place of the largest element of the first output; −1 where one is no number.</param>
/// <param name="IsSameClass">Whether that is the place in the other model's output. What is no number agrees only with all the same elements.</param>
/// <param name="Likeness">
/// How alike the outputs are, the least alike counts: 2⟨a, b⟩/(‖a‖² + ‖b‖²) = 1 − ‖a − b‖²/(‖a‖² + ‖b‖²), which a wrong scale lowers as well as a wrong direction. Whole
/// numbers and truth values are alike only where all are the same.
/// </param>
/// <param name="Cosine">The cosine between the outputs, the least counts; 1 where both are 0.</param>
internal readonly record struct AnswerComparison(bool IsOneRow, int Classes, int Class, bool IsSameClass, double Likeness, double Cosine)
{
    /// <summary>Whether the first output is a row of scores, whatever others there are, so that a label can be right.</summary>
    public bool HasScores { get; private init; }

    /// <summary>Compares outputs.</summary>
    /// <param name="pairs">Which output stands for which.</param>
    /// <param name="actual">The outputs of the model.</param>
    /// <param name="expected">Those of the model compared with.</param>
    public static AnswerComparison Of(OutputPairs pairs, IReadOnlyList<TensorValue> actual, IReadOnlyList<TensorValue> expected)
    {
        var result = new AnswerComparison(IsRow(actual) && IsRow(expected), 0, -1, false, 1, 1) { HasScores = actual.Count > 0 && IsRow(actual[pairs.PlaceOf(0)]) };
        for (var output = 0; output < pairs.Count; output++)
        {
            var (left, right) = (Widened(actual[pairs.PlaceOf(output)]), Widened(expected[output]));
            try
            {
                var isSame = left.Elements.SequenceEqual(right.Elements);
                if (output == 0)
                {
                    var (own, other) = (ClassOf(left.Elements), ClassOf(right.Elements));
                    result = result with { Classes = left.Elements.Length, Class = own, IsSameClass = own >= 0 ? own == other : isSame };
                }

                var (likeness, cosine) = Alike(left.Elements, right.Elements, isSame, pairs.IsExact(output));
                result = result with { Likeness = Math.Min(result.Likeness, likeness), Cosine = Math.Min(result.Cosine, cosine) };
            }
            finally
            {
                ArrayPool<double>.Shared.Return(left.Buffer);
                ArrayPool<double>.Shared.Return(right.Buffer);
            }
        }

        return result;
    }

    /// <summary>Whether outputs are one row of scores.</summary>
    public static bool IsRow(IReadOnlyList<TensorValue> outputs) => outputs is [var only] && IsRow(only);

    /// <summary>Whether an output is a row of scores.</summary>
    private static bool IsRow(TensorValue output)
    {
        if (!FloatingPoint.Is(output.ElementType)) return false;
        var shape = output.Shape.Dimensions;
        var several = 0;
        foreach (var size in shape) several += size != 1 ? 1 : 0;
        return several == 1 && (shape.Length == 1 || shape[0] == 1);
    }

    private static int ClassOf(ReadOnlySpan<double> scores)
    {
        var best = scores.IsEmpty || double.IsNaN(scores[0]) ? -1 : 0;
        for (var i = 1; i < scores.Length && best >= 0; i++)
        {
            if (double.IsNaN(scores[i])) best = -1;
            else if (scores[i] > scores[best]) best = i;
        }

        return best;
    }

    private static (double Likeness, double Cosine) Alike(ReadOnlySpan<double> left, ReadOnlySpan<double> right, bool isSame, bool isExact)
    {
        if (left.Length != right.Length) return (0, 0);
        double product = 0, leftSquares = 0, rightSquares = 0;
        for (var i = 0; i < left.Length; i++)
        {
            product += left[i] * right[i];
            leftSquares += left[i] * left[i];
            rightSquares += right[i] * right[i];
        }

        var cosine = leftSquares == 0 && rightSquares == 0 ? 1 : product / Math.Sqrt(leftSquares * rightSquares);
        var likeness = isSame ? 1 : isExact ? 0 : 2 * product / (leftSquares + rightSquares);
        return (double.IsFinite(likeness) ? likeness : 0, double.IsFinite(cosine) ? cosine : 0);
    }

    // Text never differs, and has no direction.
    private static Wide Widened(TensorValue output)
    {
        if (output.ElementType == ElementType.Text) return new([], 0);
        var buffer = ArrayPool<double>.Shared.Rent(checked((int)(2 * output.Shape.ElementCount)));
        return new(buffer, ElementWidening.ToDouble(output.ElementType, output.Bytes.Span, buffer));
    }

    private readonly record struct Wide(double[] Buffer, int Count)
    {
        public ReadOnlySpan<double> Elements => Buffer.AsSpan(0, Count);
    }
}
