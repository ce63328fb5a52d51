using System.Globalization;

namespace SplitInfer.Cli.Output;

/// <summary>Words for people.</summary>
internal static class Words
{
    /// <summary>How many there are, such as "1 frame" and "2 frames".</summary>
    /// <param name="count">How many.</param>
    /// <param name="noun">What, of which the plural ends in s.</param>
    public static string Count(int count, string noun) => $"{count.ToString(CultureInfo.InvariantCulture)} {noun}{(count == 1 ? "" : "s")}";
}
