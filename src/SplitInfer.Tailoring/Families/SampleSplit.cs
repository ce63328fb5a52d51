using SplitInfer.Tailoring.Calibration;

namespace SplitInfer.Tailoring.Families;

/// <summary>Which samples variants are made with, and which they are judged by.</summary>
internal sealed class SampleSplit
{
    // With fewer there is nothing to keep apart.
    private const int FewestApart = 4;

    private SampleSplit(ISampleSource source, int[] making, int[] judging, IReadOnlyList<int>? labels) =>
        (Making, Judging, JudgingLabels, AreApart) = (new(source, making), new(source, judging), labels is null ? null : [.. judging.Select(sample => labels[sample])], !making.Intersect(judging).Any());

    /// <summary>Samples that variants are made with.</summary>
    public SamplePart Making { get; }

    /// <summary>Samples that they are judged by.</summary>
    public SamplePart Judging { get; }

    /// <summary>The right classes of the latter; null where they are not known.</summary>
    public int[]? JudgingLabels { get; }

    /// <summary>Whether none is used for both.</summary>
    public bool AreApart { get; }

    /// <summary>Splits samples. Where ranges are known beforehand, nearly all are for judging.</summary>
    public static SampleSplit Of(ISampleSource source, TailoringOptions options)
    {
        int[] all = [.. Enumerable.Range(0, source.Count)];
        if (all.Length < FewestApart) return new(source, all, all, options.Labels);
        int[] making = options.Statistics is null
            // Every other one, so that both parts have all kinds of samples where these are sorted.
            ? [.. all.Where(static sample => sample % 2 == 0).Take(options.RangeSamples)]
            : [.. all.Take(Math.Min(options.SensitivitySamples, all.Length / FewestApart))];
        return new(source, making, [.. all.Except(making)], options.Labels);
    }
}
