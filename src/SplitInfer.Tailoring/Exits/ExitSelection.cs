namespace SplitInfer.Tailoring.Exits;

/// <summary>
/// Chooses exits by what they save, from the samples for calibration alone, so that the bound is not touched: at one threshold for all, the lowest at which the
/// confidence of those that leave predicts a loss that the samples for the threshold will likely show to be within what is allowed. One is added after the other while it surely saves enough.
/// </summary>
/// <param name="samples">The samples for calibration.</param>
/// <param name="totalMacs">Multiply-accumulates of the whole model.</param>
/// <param name="maxLoss">That loss.</param>
internal sealed class ExitSelection(int[] samples, double totalMacs, double maxLoss)
{
    /// <summary>Chooses among exits.</summary>
    /// <param name="candidates">The exits to choose from.</param>
    /// <param name="most">How many at most.</param>
    /// <param name="minGain">The share of computation that each has to save beside those before.</param>
    /// <returns>Those chosen, by rising partition.</returns>
    public TrainedExit[] Choose(IReadOnlyList<TrainedExit> candidates, int most, double minGain)
    {
        TrainedExit[] chosen = [];
        var savings = new double[samples.Length];
        while (chosen.Length < most)
        {
            var best = candidates.Except(chosen).Select(added => (TrainedExit[])[.. chosen.Append(added).OrderBy(static exit => exit.Partition.Index)])
                .Select(set => (Set: set, Savings: SavingsOf(set))).DefaultIfEmpty().MaxBy(static pair => pair.Savings?.Average());
            // A second exit that saves little in few samples may save nothing, and lower what the others may answer.
            if (best.Set is null || best.Savings.Average() <= 0 || SureGain(savings, best.Savings, chosen.Length > 0) < minGain) break;
            (chosen, savings) = best;
        }

        return chosen;
    }

    /// <summary>The share of the model's computation that exits are expected to save.</summary>
    public double SavingOf(IReadOnlyList<TrainedExit> exits) => SavingsOf(exits).Average();

    private double[] SavingsOf(IReadOnlyList<TrainedExit> exits)
    {
        // What leaving at a confidence loses, as far as it is known, or else as the confidence tells.
        var leavers = exits.SelectMany(exit => samples.Select(sample => (Confidence: exit.Confidences[sample], Loss: exit.IsAgreeing[sample] ? 1 - exit.Confidences[sample] : 1))).OrderByDescending(static leaver => leaver.Confidence);
        var (loss, threshold) = (0.0, double.PositiveInfinity);
        foreach (var leaver in leavers)
        {
            loss += leaver.Loss;
            if (loss > maxLoss * samples.Length) break;
            threshold = leaver.Confidence;
        }

        var all = totalMacs + exits.Sum(static exit => (double)exit.Head.Weights.Length);
        return [.. samples.Select(sample => 1 - ((exits.FirstOrDefault(exit => exit.Confidences[sample] >= threshold)?.Macs ?? all) / totalMacs))];
    }

    /// <summary>The mean gain, less its standard error where exits are compared that differ by one.</summary>
    private static double SureGain(double[] before, double[] after, bool isDoubted)
    {
        double[] gains = [.. after.Zip(before, static (now, then) => now - then)];
        var mean = gains.Average();
        return isDoubted ? mean - Math.Sqrt(gains.Sum(gain => (gain - mean) * (gain - mean)) / gains.Length / Math.Max(1, gains.Length - 1)) : mean;
    }
}
