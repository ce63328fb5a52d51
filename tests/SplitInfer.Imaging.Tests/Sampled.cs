using FsCheck;
using FsCheck.Fluent;

namespace SplitInfer.Imaging.Tests;

/// <summary>Properties that are tried with many random seeds, always the same.</summary>
internal static class Sampled
{
    /// <summary>Runs a check that throws where the property does not hold.</summary>
    public static void Check(int times, Action<Random> check) => FsCheck.Check.One(
        Config.QuickThrowOnFailure.WithReplay(11, 1).WithMaxTest(times), Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed => check(new Random(seed))));
}
