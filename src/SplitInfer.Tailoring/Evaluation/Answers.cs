using SplitInfer.Codecs;
using SplitInfer.Execution;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Evaluation;

/// <summary>The outputs of a model on samples, for comparison with those of another one.</summary>
internal sealed class Answers
{
    private readonly double[][][] _outputs;
    private readonly bool[] _isExact;

    private Answers(double[][][] outputs, bool isClassifier, bool[] isExact) => (_outputs, IsClassifier, _isExact) = (outputs, isClassifier, isExact);

    /// <summary>Whether the only output is one row of several scores: N, 1×N or 1×N×1×1.</summary>
    public bool IsClassifier { get; }

    /// <summary>The class of a sample: the place of its largest score.</summary>
    public int ClassOf(int sample)
    {
        var (scores, best) = (_outputs[sample][0], 0);
        for (var i = 1; i < scores.Length; i++)
            if (scores[i] > scores[best]) best = i;
        return best;
    }

    /// <summary>The cosine between the outputs on a sample and those of another model, the least of all outputs; 1 where both are 0.</summary>
    public double Cosine(int sample, Answers other) => _outputs[sample].Zip(other._outputs[sample], Cosine).DefaultIfEmpty(1).Min();

    /// <summary>
    /// How alike the outputs on a sample and those of another model are, the least alike counts: 2⟨a, b⟩/(‖a‖² + ‖b‖²) = 1 − ‖a − b‖²/(‖a‖² + ‖b‖²), which a wrong scale
    /// lowers as well as a wrong direction. Whole numbers and truth values are alike only where all are the same.
    /// </summary>
    public double Likeness(int sample, Answers other) => _outputs[sample].Zip(other._outputs[sample]).Select((pair, output) => Likeness(pair.First, pair.Second, _isExact[output])).DefaultIfEmpty(1).Min();

    /// <summary>Runs a model on samples.</summary>
    /// <param name="session">The model.</param>
    /// <param name="samples">For each sample the tensors for the inputs of the session, in its order.</param>
    /// <param name="sampleEnded">Called after each sample; null if not needed.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    public static Answers Of(IEngineSession session, IEnumerable<TensorValue[]> samples, Action? sampleEnded, CancellationToken cancellationToken)
    {
        var (outputs, isClassifier) = (new List<double[][]>(), session.Outputs.Length == 1);
        bool[] isExact = [.. session.Outputs.Select(static output => !FloatingPoint.Is(output.ElementType))];
        foreach (var inputs in samples)
        {
            var tensors = new TensorValue[session.Outputs.Length];
            session.Run(inputs, tensors, cancellationToken);
            isClassifier &= FloatingPoint.Is(tensors[0].ElementType) && HasOneRow(tensors[0].Shape.Dimensions);
            outputs.Add([.. tensors.Select(Read)]);
            foreach (var tensor in tensors) tensor.Dispose();
            sampleEnded?.Invoke();
        }

        return new([.. outputs], isClassifier, isExact);
    }

    private static bool HasOneRow(ReadOnlySpan<long> shape)
    {
        var several = 0;
        foreach (var size in shape) several += size != 1 ? 1 : 0;
        return several == 1 && (shape.Length == 1 || shape[0] == 1);
    }

    private static double Likeness(double[] left, double[] right, bool isExact)
    {
        if (left.Length != right.Length) return 0;
        if (left.AsSpan().SequenceEqual(right)) return 1;
        if (isExact) return 0;
        double product = 0, squares = 0;
        for (var i = 0; i < left.Length; i++)
        {
            product += left[i] * right[i];
            squares += (left[i] * left[i]) + (right[i] * right[i]);
        }

        var likeness = 2 * product / squares;
        return double.IsFinite(likeness) ? likeness : 0;
    }

    private static double Cosine(double[] left, double[] right)
    {
        double product = 0, leftSquares = 0, rightSquares = 0;
        for (var i = 0; i < Math.Min(left.Length, right.Length); i++)
        {
            product += left[i] * right[i];
            leftSquares += left[i] * left[i];
            rightSquares += right[i] * right[i];
        }

        if (left.Length != right.Length) return 0;
        if (leftSquares == 0 && rightSquares == 0) return 1;
        var cosine = product / Math.Sqrt(leftSquares * rightSquares);
        return double.IsFinite(cosine) ? cosine : 0;
    }

    // Text never differs, and has no direction.
    private static double[] Read(TensorValue output)
    {
        if (output.ElementType == ElementType.Text) return [];
        var values = new double[2 * output.Shape.ElementCount];
        return values[..ElementWidening.ToDouble(output.ElementType, output.Bytes.Span, values)];
    }
}
