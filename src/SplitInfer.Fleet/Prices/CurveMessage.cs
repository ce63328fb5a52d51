using SplitInfer.Policies.Quality;

namespace SplitInfer.Fleet.Prices;

/// <summary>
/// What a price depends on of a model's curve: for each setting that is best at some price and depth, its deepest exit, mean seconds and accuracy. Thresholds stay at the node.
/// </summary>
/// <param name="ExitSeconds">Seconds from the start of a run to each exit.</param>
/// <param name="ExitAccuracies">Accuracy of each exit.</param>
/// <param name="Depths">The last exit that each setting may go to.</param>
/// <param name="Shares">Of the seconds between its first and its last exit, those that a setting takes in the mean.</param>
/// <param name="Accuracies">Accuracy of each setting.</param>
[GenerateSerializer, Immutable, Alias("SplitInfer.Fleet.Curve")]
internal sealed record CurveMessage(
    [property: Id(0)] double[] ExitSeconds, [property: Id(1)] double[] ExitAccuracies, [property: Id(2)] byte[] Depths, [property: Id(3)] double[] Shares, [property: Id(4)] double[] Accuracies)
{
    /// <summary>The part of a curve that its price depends on.</summary>
    public static CurveMessage Of(QualityCurve curve)
    {
        var settings = new SortedSet<int>();
        for (var depth = 0; depth < curve.Exits.Length; depth++) settings.UnionWith(curve.Hulls.HullOf(depth).ToArray());
        ExitSetting[] kept = [.. settings.Select(i => curve.Settings[i])];
        return new(
            [.. curve.Exits.Select(static exit => exit.Seconds)], [.. curve.Exits.Select(static exit => exit.Accuracy)],
            [.. kept.Select(static setting => (byte)setting.Depth)], [.. kept.Select(setting => ShareOf(curve, setting))], [.. kept.Select(static setting => setting.Accuracy)]);
    }

    /// <summary>A curve that has the same price in every case.</summary>
    /// <exception cref="ArgumentException">The numbers, which anyone may have sent, are of no curve.</exception>
    public QualityCurve ToCurve()
    {
        if (ExitSeconds is null || ExitAccuracies is null || Depths is null || Shares is null || Accuracies is null) throw new ArgumentException("A part of the curve is missing.");
        if (ExitAccuracies.Length != ExitSeconds.Length) throw new ArgumentException($"{ExitSeconds.Length} exits have {ExitAccuracies.Length} accuracies; give one for each.");
        if (Shares.Length != Depths.Length || Accuracies.Length != Depths.Length || Depths.Length > QualityCurve.MaxSettings) throw new ArgumentException($"A curve has at most {QualityCurve.MaxSettings} settings, each with a depth, a share and an accuracy; give as many of each.");
        var settings = new ExitSetting[Depths.Length];
        for (var i = 0; i < settings.Length; i++)
        {
            if (Depths[i] >= QualityCurve.MaxExits) throw new ArgumentException($"A curve has at most {QualityCurve.MaxExits} exits; a setting goes to exit {Depths[i]}.");
            settings[i] = new(Depths[i], [.. Enumerable.Repeat(2.0, Depths[i])], [1.0, .. Enumerable.Repeat(Shares[i], Depths[i])], Accuracies[i]);
        }

        return new([.. ExitSeconds.Zip(ExitAccuracies, static (seconds, accuracy) => new ModelExit(seconds, accuracy))], settings);
    }

    // Mean seconds are those to the first exit, and of the rest the parts that runs reach.
    private static double ShareOf(QualityCurve curve, ExitSetting setting)
    {
        var rest = curve.Exits[setting.Depth].Seconds - curve.Exits[0].Seconds;
        return rest > 0 ? Math.Clamp((curve.SecondsOf(setting) - curve.Exits[0].Seconds) / rest, 0, 1) : 1;
    }
}
