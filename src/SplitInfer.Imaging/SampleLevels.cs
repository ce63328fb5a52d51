using SplitInfer.Tensors;

namespace SplitInfer.Imaging;

/// <summary>The different numbers of each channel of samples. What was made of bytes has 256 at most, that are as far from each other as bytes are.</summary>
internal sealed class SampleLevels
{
    private const int Bytes = 256, MostDigits = 8;

    // Of a step between bytes: rounding to binary32 comes to some thousandths where the mean is large against the step.
    private const double Tolerance = 0.02;

    private readonly string _input;
    private readonly float[][] _levels;

    private SampleLevels(string input, float[][] levels) => (_input, _levels) = (input, levels);

    /// <summary>Collects the numbers.</summary>
    /// <exception cref="TensorMismatchException">A sample does not fit.</exception>
    /// <exception cref="PixelMappingNotFoundException">There are none, or too many to have been bytes.</exception>
    public static SampleLevels Of(TensorSpec input, ImageLayout layout, IEnumerable<TensorValue> samples)
    {
        SortedSet<float>[] levels = [];
        foreach (var (place, sample) in samples.Index())
        {
            if (!input.Accepts(sample.ElementType, sample.Shape) || sample.Shape.Rank != 4) throw new TensorMismatchException($"Sample {place} holds a {sample} tensor for {input}. Save the samples as the model takes them.");
            var dimensions = sample.Shape.Dimensions;
            var (channels, plane) = layout == ImageLayout.Nchw ? ((int)dimensions[1], (int)(dimensions[2] * dimensions[3])) : ((int)dimensions[3], 1);
            if (levels.Length == 0) levels = [.. Enumerable.Range(0, channels).Select(static _ => new SortedSet<float>())];
            var values = sample.Span<float>();
            for (var at = 0; at < values.Length; at++)
            {
                var channel = at / plane % channels;
                if (!float.IsFinite(values[at])) throw NotFound(input.Name, $"Sample {place} holds {values[at]} in channel {channel}, which no picture does");
                if (levels[channel].Add(values[at]) && levels[channel].Count > Bytes)
                    throw NotFound(input.Name, $"Channel {channel} holds over {Bytes} different numbers, as many as there are bytes: the samples were resized or changed after they had been mapped");
            }
        }

        return levels.Length == 0 ? throw NotFound(input.Name, "There are no samples") : new(input.Name, [.. levels.Select(static channel => channel.ToArray())]);
    }

    /// <summary>Whether a mapping makes all numbers of bytes.</summary>
    public bool AreOn(PixelMapping mapping)
    {
        for (var channel = 0; channel < _levels.Length; channel++)
        {
            var (scale, mean, deviation) = mapping.Of(channel);
            if (!Array.TrueForAll(_levels[channel], value => IsLevel(((value * deviation) + mean) / scale))) return false;
        }

        return true;
    }

    /// <summary>The mapping that makes black of the smallest number of each channel and white of the largest.</summary>
    /// <exception cref="PixelMappingNotFoundException">The numbers are not on a grid of 256, or do not reach so far.</exception>
    public PixelMapping Fit()
    {
        var fits = Enumerable.Range(0, _levels.Length).Select(Fit).ToArray();
        var (first, second, third) = (fits[0], fits[Math.Min(1, fits.Length - 1)], fits[^1]);
        return new() { Mean = new(first.Mean, second.Mean, third.Mean), StandardDeviation = new(first.Deviation, second.Deviation, third.Deviation) };
    }

    private (float Mean, float Deviation) Fit(int channel)
    {
        var (levels, black, white) = (_levels[channel], (double)_levels[channel][0], (double)_levels[channel][^1]);
        // The fewest steps that all numbers are whole ones of.
        var steps = Enumerable.Range(levels.Length - 1, Bytes - levels.Length + 1).FirstOrDefault(count => count > 0 && Array.TrueForAll(levels, value => IsWhole((value - black) / (white - black) * count)));
        if (steps == 0) throw NotFound(_input, $"The numbers of channel {channel} are not as far from each other as bytes are: the samples were resized or changed after they had been mapped");
        if (steps < Bytes - 1) throw NotFound(_input, $"Channel {channel} reaches over {steps + 1} of {Bytes} bytes only, so that it is not known which is black. Give more samples, or brighter and darker ones");
        var deviation = (Bytes - 1) / (white - black);
        return (Rounded(-black * deviation, Tolerance / 10), Rounded(deviation, Tolerance / 10 * deviation / Bytes));
    }

    /// <summary>A number with as few digits as make no difference.</summary>
    private static float Rounded(double number, double tolerance)
    {
        for (var digits = 0; digits < MostDigits; digits++)
            if (Math.Abs(Math.Round(number, digits) - number) <= tolerance) return (float)Math.Round(number, digits);
        return (float)number;
    }

    private static bool IsLevel(double level) => level is >= -Tolerance and <= Bytes - 1 + Tolerance && IsWhole(level);

    private static bool IsWhole(double number) => Math.Abs(number - Math.Round(number)) <= Tolerance;

    private static PixelMappingNotFoundException NotFound(string input, string reason) =>
        new($"It was not found how the samples of '{input}' were made of pixels. {reason}. State the preprocessing, or leave codecs of pictures out.");
}
