using System.Numerics.Tensors;

namespace SplitInfer.Tailoring.Exits;

/// <summary>Minimises a smooth convex function by the limited-memory method of Broyden, Fletcher, Goldfarb and Shanno (Liu and Nocedal, 1989), with a backtracking line search. Deterministic.</summary>
internal static class LimitedMemoryBfgs
{
    private const int Memory = 8, MostHalvings = 20;

    private const double SufficientDecrease = 1e-4, SmallGradient = 1e-5, SmallGain = 3e-5;

    /// <summary>Changes parameters until the function falls no more, or for so many steps.</summary>
    /// <param name="parameters">Where to begin; the result.</param>
    /// <param name="steps">The most steps.</param>
    /// <param name="evaluate">Gives the value at a place and writes the gradient.</param>
    /// <returns>The value that was reached.</returns>
    public static double Minimize(float[] parameters, int steps, Func<float[], float[], double> evaluate)
    {
        var pairs = new List<(float[] Step, float[] Change, double Curvature)>(Memory);
        var gradient = new float[parameters.Length];
        var value = evaluate(parameters, gradient);
        for (var step = 0; step < steps && TensorPrimitives.MaxMagnitude<float>(gradient) is > (float)SmallGradient or < -(float)SmallGradient; step++)
        {
            var direction = Direction(gradient, pairs);
            double slope = TensorPrimitives.Dot<float>(direction, gradient);
            if (!(slope < 0)) break;
            var (next, nextGradient, nextValue) = (new float[parameters.Length], new float[parameters.Length], double.PositiveInfinity);
            // Without a memory the length of the gradient says nothing of how far to go.
            var length = pairs.Count == 0 ? Math.Min(1, 1 / TensorPrimitives.Norm<float>(gradient)) : 1.0;
            for (var halving = 0; halving < MostHalvings; halving++, length /= 2)
            {
                TensorPrimitives.MultiplyAdd(direction, (float)length, parameters, next);
                nextValue = evaluate(next, nextGradient);
                if (nextValue <= value + (SufficientDecrease * length * slope)) break;
            }

            if (!(nextValue < value)) break;
            Remember(pairs, parameters, gradient, next, nextGradient);
            var gain = value - nextValue;
            next.CopyTo(parameters, 0);
            (gradient, value) = (nextGradient, nextValue);
            if (gain <= SmallGain * Math.Max(Math.Abs(value), 1e-4)) break;
        }

        return value;
    }

    private static void Remember(List<(float[] Step, float[] Change, double Curvature)> pairs, float[] from, float[] gradient, float[] to, float[] nextGradient)
    {
        var (step, change) = (new float[from.Length], new float[from.Length]);
        TensorPrimitives.Subtract(to, from, step);
        TensorPrimitives.Subtract(nextGradient, gradient, change);
        double curvature = TensorPrimitives.Dot<float>(step, change);
        if (!(curvature > 0)) return;
        if (pairs.Count == Memory) pairs.RemoveAt(0);
        pairs.Add((step, change, curvature));
    }

    private static float[] Direction(float[] gradient, List<(float[] Step, float[] Change, double Curvature)> pairs)
    {
        var direction = new float[gradient.Length];
        TensorPrimitives.Negate(gradient, direction);
        var shares = new double[pairs.Count];
        for (var i = pairs.Count - 1; i >= 0; i--)
        {
            shares[i] = TensorPrimitives.Dot<float>(pairs[i].Step, direction) / pairs[i].Curvature;
            TensorPrimitives.MultiplyAdd(pairs[i].Change, (float)-shares[i], direction, direction);
        }

        if (pairs.Count > 0) TensorPrimitives.Multiply(direction, (float)(pairs[^1].Curvature / TensorPrimitives.SumOfSquares<float>(pairs[^1].Change)), direction);
        for (var i = 0; i < pairs.Count; i++)
        {
            var share = shares[i] - (TensorPrimitives.Dot<float>(pairs[i].Change, direction) / pairs[i].Curvature);
            TensorPrimitives.MultiplyAdd(pairs[i].Step, (float)share, direction, direction);
        }

        return direction;
    }
}
