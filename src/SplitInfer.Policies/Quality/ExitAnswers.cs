using System.Collections.Immutable;

namespace SplitInfer.Policies.Quality;

/// <summary>What the exits of a model answered to inputs of a calibration, and how far runs are to go by that.</summary>
public static class ExitAnswers
{
    /// <summary>
    /// Learns the settings that are worth having: for each depth, thresholds that give the highest accuracy less price, at prices from none to those at which
    /// every run stops at once.
    /// </summary>
    /// <param name="exits">The exits of the model.</param>
    /// <param name="confidence">For each exit, how sure its answer to each input was, 0 to 1.</param>
    /// <param name="right">For each exit, whether its answer to each input was right, or that of the whole model: 1 or 0.</param>
    /// <param name="prices">How many prices are tried, at least 1.</param>
    /// <exception cref="ArgumentException">There are no inputs, or not as many for each exit.</exception>
    public static ImmutableArray<ExitSetting> Settings(IReadOnlyList<ModelExit> exits, double[][] confidence, double[][] right, int prices = 12)
    {
        ArgumentNullException.ThrowIfNull(exits);
        ArgumentNullException.ThrowIfNull(confidence);
        ArgumentNullException.ThrowIfNull(right);
        ArgumentOutOfRangeException.ThrowIfLessThan(prices, 1);
        if (confidence.Length != exits.Count || right.Length != exits.Count) throw new ArgumentException($"Answers of all {exits.Count} exits are needed; give an array for each.", nameof(confidence));
        var inputs = confidence[0].Length;
        if (inputs == 0 || confidence.Concat(right).Any(values => values.Length != inputs)) throw new ArgumentException("Each exit has an answer to each input, of which there is at least one.", nameof(confidence));

        int[][] byConfidence = [.. confidence.Select(static values =>
        {
            int[] order = [.. Enumerable.Range(0, values.Length)];
            Array.Sort((double[])values.Clone(), order);
            return order;
        })];
        // Between nothing and what makes a run stop whatever it would gain.
        var highest = 1 / exits.Zip(exits.Skip(1), static (a, b) => b.Seconds - a.Seconds).DefaultIfEmpty(1).Min();
        var settings = new List<ExitSetting>();
        for (var depth = 0; depth < exits.Count; depth++)
        {
            settings.Add(Measure(depth, [.. Enumerable.Repeat(2.0, depth)], confidence, right));
            for (var i = 0; depth > 0 && i < prices; i++)
            {
                var price = i == 0 ? 0 : highest * Math.Pow(1e-4, 1 - ((double)i / prices));
                settings.Add(Measure(depth, Thresholds(exits, depth, price, confidence, right, byConfidence), confidence, right));
            }
        }

        var curve = new QualityCurve(exits, settings);
        var kept = new SortedSet<int>();
        for (var depth = 0; depth < exits.Count; depth++)
            foreach (var s in curve.Hulls.HullOf(depth)) kept.Add(s);
        return [.. kept.Select(s => settings[s])];
    }

    // From the last exit back: which inputs, sorted by confidence, are better off when they go on.
    private static double[] Thresholds(IReadOnlyList<ModelExit> exits, int depth, double price, double[][] confidence, double[][] right, int[][] byConfidence)
    {
        var thresholds = new double[depth];
        var value = (double[])right[depth].Clone();
        for (var e = depth - 1; e >= 0; e--)
        {
            var (order, seconds) = (byConfidence[e], exits[e + 1].Seconds - exits[e].Seconds);
            var (gain, best, goOn) = (0.0, 0.0, 0);
            for (var i = 0; i < order.Length; i++)
            {
                gain += value[order[i]] - (price * seconds) - right[e][order[i]];
                var isLastOfEqual = i + 1 == order.Length || confidence[e][order[i + 1]] > confidence[e][order[i]];
                if (isLastOfEqual && gain > best) (best, goOn) = (gain, i + 1);
            }

            thresholds[e] = goOn == order.Length ? 2 : confidence[e][order[goOn]];
            for (var i = 0; i < order.Length; i++) value[order[i]] = i < goOn ? value[order[i]] - (price * seconds) : right[e][order[i]];
        }

        return thresholds;
    }

    private static ExitSetting Measure(int depth, double[] thresholds, double[][] confidence, double[][] right)
    {
        var inputs = confidence[0].Length;
        var (reached, sum) = (new double[depth + 1], 0.0);
        for (var i = 0; i < inputs; i++)
        {
            var e = 0;
            for (reached[0]++; e < depth && confidence[e][i] < thresholds[e]; reached[++e]++) { }
            sum += right[e][i];
        }

        return new(depth, [.. thresholds], [.. reached.Select(count => count / inputs)], sum / inputs);
    }
}
