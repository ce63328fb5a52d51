using System.Numerics.Tensors;

namespace SplitInfer.Tailoring.Exits;

/// <summary>Finds what scores are divided by so that the probabilities that follow fit the answers best (Guo et al., On Calibration of Modern Neural Networks, 2017).</summary>
internal static class ConfidenceTemperature
{
    private const double Lowest = -7, Highest = 7;
    private const int Narrowings = 40;

    /// <summary>Fits the temperature.</summary>
    /// <param name="scores">Scores of samples.</param>
    /// <param name="classes">The answer of each.</param>
    /// <returns>The temperature, and the mean negative logarithm of the answers' probabilities with it.</returns>
    public static (double Temperature, double Loss) Fit(float[][] scores, int[] classes)
    {
        var exponentials = new float[scores[0].Length];
        // The loss is convex in 1/T, so that it has one valley in ln T.
        var golden = (Math.Sqrt(5) - 1) / 2;
        var (low, high) = (Lowest, Highest);
        var (left, right) = (high - (golden * (high - low)), low + (golden * (high - low)));
        var (atLeft, atRight) = (Loss(left), Loss(right));
        for (var i = 0; i < Narrowings; i++)
        {
            if (atLeft <= atRight)
            {
                (high, right, atRight) = (right, left, atLeft);
                left = high - (golden * (high - low));
                atLeft = Loss(left);
            }
            else
            {
                (low, left, atLeft) = (left, right, atRight);
                right = low + (golden * (high - low));
                atRight = Loss(right);
            }
        }

        var best = (low + high) / 2;
        return (Math.Exp(best), Loss(best));

        double Loss(double logarithm)
        {
            var (factor, sum) = ((float)Math.Exp(-logarithm), 0.0);
            for (var sample = 0; sample < scores.Length; sample++)
            {
                var row = scores[sample];
                TensorPrimitives.Subtract(row, TensorPrimitives.Max<float>(row), exponentials);
                TensorPrimitives.Multiply(exponentials, factor, exponentials);
                var aimed = exponentials[classes[sample]];
                TensorPrimitives.Exp<float>(exponentials, exponentials);
                sum += Math.Log(TensorPrimitives.Sum<float>(exponentials)) - aimed;
            }

            return sum / scores.Length;
        }
    }
}
