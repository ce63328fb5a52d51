using SplitInfer.Policies.Quality;

namespace SplitInfer.Simulation.Quality;

/// <summary>
/// How right exits are on inputs of some hardness: a probit model. An exit's answer is right where κ·y + √(1−κ²)·ε is below a level that gives the exit its
/// accuracy; y is the hardness, which shows in its confidence, and ε what nobody sees. Confidence is the probability of being right, given y.
/// </summary>
internal sealed class ContentModel
{
    private const int CalibrationInputs = 4000;

    private readonly double[] _levels;
    private readonly double _seen;
    private readonly double _unseen;

    public ContentModel(IReadOnlyList<ModelExit> exits, double confidence)
    {
        Exits = exits;
        _levels = [.. exits.Select(static exit => Quantile(exit.Accuracy))];
        (_seen, _unseen) = (confidence, Math.Sqrt(Math.Max(1 - (confidence * confidence), 1e-6)));
    }

    public IReadOnlyList<ModelExit> Exits { get; }

    /// <summary>The probability that an exit is right on an input, which is its confidence.</summary>
    public double Right(int exit, double hardness) => Distribution((_levels[exit] - (_seen * hardness)) / _unseen);

    /// <summary>The curve as it is calibrated on other inputs, whose answers are known to be right or wrong.</summary>
    public QualityCurve Calibrate(int seed)
    {
        if (_seen <= 0) return new(Exits);
        double[] hardness = [.. Enumerable.Range(0, CalibrationInputs).Select(i => new Draws(seed, i, 21).Normal())];
        double[] unseen = [.. Enumerable.Range(0, CalibrationInputs).Select(i => new Draws(seed, i, 22).Normal())];
        double[][] confidence = [.. Exits.Select((_, e) => hardness.Select(y => Right(e, y)).ToArray())];
        double[][] right = [.. Exits.Select((_, e) => hardness.Select((y, i) => (_seen * y) + (_unseen * unseen[i]) < _levels[e] ? 1.0 : 0).ToArray())];
        return new(Exits, ExitAnswers.Settings(Exits, confidence, right));
    }

    /// <summary>
    /// The best accuracy for each mean time: an upper concave hull from nothing on, of those who know the hardness once the first exit has run, which is all
    /// that any exit ever shows.
    /// </summary>
    public IReadOnlyList<ModelExit> Frontier(int prices = 40)
    {
        const int Steps = 200;
        double[][] right = [.. Enumerable.Range(0, Steps).Select(step =>
        {
            var hardness = Quantile((step + 0.5) / Steps);
            return Enumerable.Range(0, Exits.Count).Select(e => Right(e, hardness)).ToArray();
        })];
        var points = new List<ModelExit> { new(0, 0) };
        for (var i = 0; i <= prices; i++)
        {
            // Up to the price at which nobody goes on.
            var price = i == 0 ? 0 : 1e-3 * Math.Pow(1e6, (double)i / prices);
            var (seconds, accuracy) = (0.0, 0.0);
            foreach (var answers in right)
            {
                var best = 0;
                for (var e = 1; e < answers.Length; e++)
                    if (answers[e] - (price * Exits[e].Seconds) > answers[best] - (price * Exits[best].Seconds)) best = e;
                (seconds, accuracy) = (seconds + (Exits[best].Seconds / Steps), accuracy + (answers[best] / Steps));
            }

            points.Add(new(seconds, accuracy));
        }

        return Hull(points);
    }

    private static List<ModelExit> Hull(List<ModelExit> points)
    {
        var hull = new List<ModelExit>();
        foreach (var point in points.OrderBy(static point => point.Seconds).ThenByDescending(static point => point.Accuracy))
        {
            if (hull.Count > 0 && point.Accuracy <= hull[^1].Accuracy + 1e-12) continue;
            while (hull.Count > 1 && (hull[^1].Accuracy - hull[^2].Accuracy) * (point.Seconds - hull[^1].Seconds) <= (point.Accuracy - hull[^1].Accuracy) * (hull[^1].Seconds - hull[^2].Seconds)) hull.RemoveAt(hull.Count - 1);
            hull.Add(point);
        }

        return hull;
    }

    // Abramowitz and Stegun 7.1.26, exact to 1.5e-7.
    private static double Distribution(double x)
    {
        var z = Math.Abs(x) / Math.Sqrt(2);
        var t = 1 / (1 + (0.3275911 * z));
        var tail = t * (0.254829592 + (t * (-0.284496736 + (t * (1.421413741 + (t * (-1.453152027 + (t * 1.061405429)))))))) * Math.Exp(-z * z) / 2;
        return x >= 0 ? 1 - tail : tail;
    }

    private static double Quantile(double p)
    {
        var (low, high) = (-8.0, 8.0);
        for (var i = 0; i < 60; i++)
        {
            var middle = (low + high) / 2;
            if (Distribution(middle) < p) low = middle;
            else high = middle;
        }

        return (low + high) / 2;
    }
}
