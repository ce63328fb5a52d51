using FsCheck;
using FsCheck.Fluent;
using SplitInfer.Policies.Quality;

namespace SplitInfer.Policies.Tests.Quality;

/// <summary>Models with random exits and settings, and what users ask of them.</summary>
internal static class RandomCurves
{
    public static Arbitrary<int> Seeds => Gen.Choose(0, 1_000_000).ToArbitrary();

    public static void ForAll(int tests, Action<Random> holds, [System.Runtime.CompilerServices.CallerLineNumber] int line = 0) =>
        Prop.ForAll(Seeds, seed => holds(new(seed))).Check(Config.QuickThrowOnFailure.WithMaxTest(tests).WithReplay(20261129, (ulong)((2 * line) + 1), 0));

    public static QualityCurve Curve(Random random, bool hasSettings = true)
    {
        var exits = new List<ModelExit>();
        var seconds = 0.0;
        for (var e = random.Next(1, 7); e > 0; e--) exits.Add(new(seconds += 1e-4 + (random.NextDouble() * 0.01), random.NextDouble()));
        if (!hasSettings || random.Next(2) == 0) return new(exits);
        return new(exits, [.. exits.Select((exit, e) => ExitSetting.Forced(e, exit.Accuracy)), .. Enumerable.Range(0, random.Next(1, 9)).Select(_ => Setting(random, exits.Count))]);
    }

    public static QualityDemand[] Demands(Random random) =>
    [
        .. Enumerable.Range(0, random.Next(1, 20)).Select(_ =>
        {
            var curve = Curve(random);
            return new QualityDemand(1 + (random.NextDouble() * 100), 0.2 + (random.NextDouble() * 5), curve, random.Next(curve.Exits.Length));
        })
    ];

    private static ExitSetting Setting(Random random, int exits)
    {
        var depth = random.Next(exits);
        var reach = new List<double> { 1 };
        for (var e = 0; e < depth; e++) reach.Add(reach[^1] * random.NextDouble());
        return new(depth, [.. Enumerable.Range(0, depth).Select(_ => random.NextDouble())], [.. reach], random.NextDouble());
    }
}
