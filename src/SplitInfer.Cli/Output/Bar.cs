namespace SplitInfer.Cli.Output;

/// <summary>A horizontal bar of block characters, exact to an eighth of one.</summary>
internal static class Bar
{
    private const string Eighths = "▏▎▍▌▋▊▉█";

    /// <summary>A bar whose length is to <paramref name="width"/> as <paramref name="value"/> is to <paramref name="max"/>.</summary>
    public static string Of(double value, double max, int width)
    {
        var eighths = max > 0 ? (int)Math.Ceiling(value / max * width * 8) : 0;
        var full = new string('█', eighths / 8);
        return eighths % 8 == 0 ? full : full + Eighths[eighths % 8 - 1];
    }
}
