using FsCheck;
using FsCheck.Fluent;

namespace SplitInfer.Core.Tests;

/// <summary>Properties over seeded random cases; a failure names the seed of its case.</summary>
internal static class Sampled
{
    public static void Check(ulong seed, int count, Action<Random> property) =>
        FsCheck.Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(count).WithReplay(seed, 1),
            Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), caseSeed => property(new Random(caseSeed))));

    /// <summary>A shape of rank 0 to 4 with some sizes of 0 and 1.</summary>
    public static long[] Shape(Random random) => [.. Enumerable.Range(0, random.Next(5)).Select(_ => (long)random.Next(6))];
}
