using SplitInfer.Policies.Quality;

namespace SplitInfer.Fleet.Tests;

/// <summary>Curves and reports of nodes.</summary>
internal static class SomeCurves
{
    /// <summary>Exits of 2, 5 and 10 ms.</summary>
    public static QualityCurve Three { get; } = new([new(0.002, 0.91), new(0.005, 0.96), new(0.010, 0.995)]);

    /// <summary>A model without exits.</summary>
    public static QualityCurve Whole { get; } = new([new(0.004, 0.9)]);

    /// <summary>A curve with settings that stop early, drawn from a seed.</summary>
    public static QualityCurve Draw(int seed)
    {
        var chance = new Random(seed);
        var (exits, seconds, accuracy) = (new ModelExit[chance.Next(1, 7)], 0.0, 0.3 + (0.4 * chance.NextDouble()));
        for (var e = 0; e < exits.Length; e++) exits[e] = new(seconds += 1e-4 + (0.01 * chance.NextDouble()), accuracy += (1 - accuracy) * 0.6 * chance.NextDouble());
        List<ExitSetting> settings = [.. exits.Select(static (exit, e) => ExitSetting.Forced(e, exit.Accuracy))];
        for (var i = 0; i < 12; i++)
        {
            var depth = chance.Next(exits.Length);
            var reach = new double[depth + 1];
            for (var e = 0; e <= depth; e++) reach[e] = e == 0 ? 1 : reach[e - 1] * chance.NextDouble();
            settings.Add(new(depth, [.. Enumerable.Repeat(0.5, depth)], [.. reach], exits[0].Accuracy + ((exits[depth].Accuracy - exits[0].Accuracy) * chance.NextDouble())));
        }

        return new(exits, settings);
    }

    /// <summary>A report of a node that runs one request at a time.</summary>
    public static LoadReport Report(uint node, uint sequence = 1, float rate = 300, ushort curve = 0, byte depth = 2) => new(node, sequence, 1, 1, 0.9f, [new(curve, depth, 1, rate)]);
}
