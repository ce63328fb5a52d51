using System.Numerics.Tensors;
using SplitInfer.Codecs;
using SplitInfer.Exits;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Exits;

/// <summary>What a classifier answers itself: its scores on samples, and what heads are taught by.</summary>
internal sealed class ModelAnswers
{
    // Of a probability of 0 there is no logarithm.
    private const float LeastProbability = 1e-12f;

    private const double SumTolerance = 1e-2;

    private readonly float[][] _logits;
    private readonly double _lead;

    private ModelAnswers(float[][] scores, ExitScores form)
    {
        (Form, Classes) = (form, scores[0].Length);
        _logits = form == ExitScores.Logits ? scores : [.. scores.Select(LogarithmsOf)];
        _lead = _logits.Max(static row => (double)TensorPrimitives.Max<float>(row) - TensorPrimitives.Average(row));
        BestClasses = [.. scores.Select(static row => TensorPrimitives.IndexOfMax<float>(row))];
    }

    /// <summary>What the scores of the model are.</summary>
    public ExitScores Form { get; }

    public int Classes { get; }

    /// <summary>The class of each sample.</summary>
    public int[] BestClasses { get; }

    /// <summary>What logits are divided by so that the highest lies no further than this above the mean of its sample.</summary>
    public double TemperatureFor(double lead) => Math.Max(1, _lead / lead);

    /// <summary>The probabilities of samples that follow from their logits divided by a temperature.</summary>
    public float[][] TargetsOf(IReadOnlyList<int> samples, double temperature) => [.. samples.Select(sample => Soften(_logits[sample], temperature))];

    /// <summary>Refuses models that do not classify.</summary>
    /// <returns>The number of classes.</returns>
    /// <exception cref="ExitsRefusedException">The model has several outputs, or one that is no row of scores.</exception>
    public static int RequireClassifier(PartitionedModel model)
    {
        var plan = model.Plan;
        var names = string.Join(", ", plan.Outputs.Select(static o => o.ToString()).Concat(plan.DeviceOutputs));
        if (plan.Outputs.Length + plan.DeviceOutputs.Length != 1) throw Refused($"has {plan.Outputs.Length + plan.DeviceOutputs.Length} outputs ({names})");
        if (plan.DeviceOutputs.Length > 0) throw Refused($"has an output that is no tensor of numbers ({names})");
        var (output, shape) = (plan.Outputs[0], model.ShapeOf(plan.Outputs[0].Name));
        if (!FloatingPoint.Is(output.Type)) throw Refused($"has an output of whole numbers or text ({names})");
        if (shape is not { } sizes || !(sizes is [> 1] or [1, > 1, ..] && sizes.Count(static size => size != 1) == 1)) throw Refused($"has an output that is not one row of scores ({names})");
        return checked((int)sizes.Max());

        ExitsRefusedException Refused(string what) => new($"{model.Source} {what}, and exits are for classifiers: an exit answers with a class and how sure it is, in place of one output of N, 1×N or 1×N×1×1 floating-point scores. For a model with more outputs, or with boxes or maps, cut the file after the scores that matter, or make smaller variants of it with 'splitinfer tailor'.");
    }

    /// <summary>Takes the scores of all samples.</summary>
    /// <exception cref="ExitsRefusedException">Some are no numbers.</exception>
    public static ModelAnswers Of(float[][] scores)
    {
        for (var sample = 0; sample < scores.Length; sample++)
            if (!TensorPrimitives.IsFiniteAll<float>(scores[sample])) throw new ExitsRefusedException($"The model's scores for sample {sample + 1} are infinite or no numbers, so that there is no answer to teach. Leave the sample out.");
        return new(scores, scores.All(static row => TensorPrimitives.Min<float>(row) >= 0 && Math.Abs(TensorPrimitives.Sum<float>(row) - 1) < SumTolerance) ? ExitScores.Probabilities : ExitScores.Logits);
    }

    /// <summary>The scores in a tensor.</summary>
    public static float[] ScoresOf(TensorValue output)
    {
        var scores = new float[output.Shape.ElementCount];
        FloatingPoint.Read(output.ElementType, output.Bytes.Span, scores);
        return scores;
    }

    private static float[] LogarithmsOf(float[] probabilities)
    {
        var logarithms = new float[probabilities.Length];
        TensorPrimitives.Max(probabilities, LeastProbability, logarithms);
        TensorPrimitives.Log<float>(logarithms, logarithms);
        return logarithms;
    }

    private static float[] Soften(float[] logits, double temperature)
    {
        var soft = new float[logits.Length];
        TensorPrimitives.Subtract(logits, TensorPrimitives.Max<float>(logits), soft);
        TensorPrimitives.Multiply(soft, (float)(1 / temperature), soft);
        TensorPrimitives.Exp<float>(soft, soft);
        TensorPrimitives.Divide(soft, TensorPrimitives.Sum<float>(soft), soft);
        return soft;
    }
}
