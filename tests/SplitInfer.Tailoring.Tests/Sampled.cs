using FsCheck;
using FsCheck.Fluent;

namespace SplitInfer.Tailoring.Tests;

/// <summary>Properties over seeded random cases; a failure names the seed of its case.</summary>
internal static class Sampled
{
    public static void Check(ulong seed, int count, Action<Random> property) =>
        FsCheck.Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(count).WithReplay(seed, 1),
            Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), caseSeed => property(new Random(caseSeed))));
}
