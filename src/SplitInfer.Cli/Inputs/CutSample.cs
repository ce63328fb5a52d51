using SplitInfer.Partitioning;

namespace SplitInfer.Cli.Inputs;

/// <summary>Some of many cuts.</summary>
internal static class CutSample
{
    /// <summary>The fewest that can be asked for: both ends.</summary>
    public const int Fewest = 2;

    /// <summary>So many of <paramref name="cuts"/>, spread evenly, the first and the last among them; all where there are no more.</summary>
    public static Partition[] Of(Partition[] cuts, int most) => cuts.Length <= most
        ? cuts
        : [.. Enumerable.Range(0, most).Select(i => cuts[(int)((long)i * (cuts.Length - 1) / (most - 1))])];
}
