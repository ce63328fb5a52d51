namespace SplitInfer.AspNetCore.OpenInference;

/// <summary>How long outputs may be of use.</summary>
internal static class Deadlines
{
    /// <summary>Longer than any deadline that is meant, and short enough for a timer: a day.</summary>
    public const long LongestMicroseconds = 24L * 60 * 60 * 1_000_000;
}
