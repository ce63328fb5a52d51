using SplitInfer.Codecs.Quantized;

namespace SplitInfer.Codecs.ConvFeature;

/// <summary>How far apart the values are that a tensor is rounded to.</summary>
internal static class Step
{
    /// <summary>The largest magnitude of a quantised value.</summary>
    public const int MaxLevel = short.MaxValue;

    /// <summary>Below and above these, a step's reciprocal or a level's number might not be finite.</summary>
    public const float Min = 1e-30f, Max = 1e30f;

    /// <summary>Whether the numbers that a step deals with are finite.</summary>
    public static bool IsUsable(float step) => step is >= Min and <= Max;

    /// <summary>The step of finite numbers that are not all zero: the given number of hundredths of their mean magnitude, without zeros.</summary>
    public static float Of(in Statistics statistics, int percent) =>
        (float)Math.Max(statistics.SumOfMagnitudes / statistics.NonZero * percent / 100, (double)statistics.Largest / MaxLevel);
}
