using System.Globalization;

namespace SplitInfer.Tailoring.Exits;

/// <summary>
/// Which samples train heads, which calibrate them, and which set the threshold: three parts without a sample in common, drawn at random, so that each is like the
/// whole where samples are sorted. The part for the threshold is as large as the bound needs, and half of all at least.
/// </summary>
internal sealed class SampleDivision
{
    // Of all samples. What is left over trains.
    private const double MostForThreshold = 0.6, LeastForThreshold = 0.5, ForCalibration = 0.1;

    private const int FewestToCalibrate = 10;

    private SampleDivision(int[] training, int[] calibration, int[] threshold) => (Training, Calibration, Threshold) = (training, calibration, threshold);

    public int[] Training { get; }

    public int[] Calibration { get; }

    public int[] Threshold { get; }

    /// <summary>Divides samples.</summary>
    /// <exception cref="ExitsRefusedException">They are too few to show the loss.</exception>
    public static SampleDivision Of(int samples, double maxLoss, double confidence, int seed)
    {
        var (most, needed) = ((int)(samples * MostForThreshold), LossBound.FewestSamples(maxLoss, confidence));
        if (needed > most || samples < 4 * FewestToCalibrate) throw new ExitsRefusedException(TooFew(samples, maxLoss, confidence, needed));
        var threshold = Math.Max((int)needed, (int)(samples * LeastForThreshold));
        var calibration = Math.Max(FewestToCalibrate, (int)(samples * ForCalibration));
        int[] order = [.. Enumerable.Range(0, samples)];
        // A generator that stays what it is, whatever the runtime's own becomes.
        var state = unchecked((ulong)seed);
        for (var left = samples; left > 1; left--)
        {
            var chosen = (int)(Next(ref state) % (ulong)left);
            (order[left - 1], order[chosen]) = (order[chosen], order[left - 1]);
        }

        return new(order[(threshold + calibration)..], order[threshold..(threshold + calibration)], order[..threshold]);
    }

    private static string TooFew(int samples, double maxLoss, double confidence, long needed)
    {
        var total = Math.Max(4 * FewestToCalibrate, (long)Math.Ceiling(needed / MostForThreshold));
        var least = LossBound.LeastLoss(Math.Max(1, (int)(samples * MostForThreshold)), confidence);
        // Rounded up to two digits, so that it can be asked for.
        var unit = Math.Pow(10, Math.Floor(Math.Log10(least)) - 1);
        var possible = Math.Ceiling(least / unit) * unit;
        return string.Create(CultureInfo.InvariantCulture, $"To show with {confidence * 100:0.##} % confidence that exits lose at most {maxLoss * 100:0.####} % takes {total} samples, {needed} of them to set the threshold, and there are {samples}. Give more samples; they need no labels.")
            + (samples >= 4 * FewestToCalibrate && possible < 1 ? string.Create(CultureInfo.InvariantCulture, $" Or allow more: {samples} can show {possible * 100:0.####} % at least ({nameof(ExitOptions)}.{nameof(ExitOptions.MaxLoss)} {possible * 100:0.####}%).") : "");
    }

    // SplitMix64.
    private static ulong Next(ref ulong state)
    {
        state += 0x9E3779B97F4A7C15;
        var mixed = state;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return mixed ^ (mixed >> 31);
    }
}
