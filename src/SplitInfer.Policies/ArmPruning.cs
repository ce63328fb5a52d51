using System.Collections.Immutable;

namespace SplitInfer.Policies;

/// <summary>
/// Removes arms that are never the fastest, whatever the bandwidth and the speeds of device and server, within very wide ranges. What
/// would only have to be explored costs time and decisions.
/// </summary>
/// <remarks>
/// The cost of an arm is linear in what is not known:
/// <code>
/// cost = head + (1 − q)·(encode  +  x·bits  +  y·(tail + decode))      x: 1/bandwidth, y: slowness of the server, both relative to the device
/// </code>
/// where the exit of the arm answers a share q of the requests,
/// so those that can win are on the lower hull, which is read off a grid that is even in log x and log y. Round trip and queue are the
/// same for all arms of a server; they matter only against the device, which is always kept. Arms of each server are compared with one
/// another, once for each loss of accuracy, against the most accurate of all, that may be acceptable.
/// </remarks>
public static class ArmPruning
{
    /// <summary>Observing an outcome is quadratic in the tails of a server; this many take some microseconds.</summary>
    public const int MaxArmsOfServer = 128;

    /// <summary>Among the arms that have the accuracy that is asked for, this many are those that win nearly everywhere.</summary>
    public const int MaxArmsOfAccuracy = 20;

    /// <summary>What is described may be off by some such part, so that an arm that seems to cost this much more than another one may cost less.</summary>
    private const double Doubt = 0.2;

    /// <summary>Decades to either side of the nominal bandwidth and speed, and points of the grid in each.</summary>
    private const int Decades = 3, PointsOfDecade = 5;

    /// <summary>How much faster than the device a server nominally is.</summary>
    private const double NominalSpeedup = 10;

    /// <summary>Multiply-accumulates that a node costs beside its own.</summary>
    private const double NodeMacs = 50e3;

    /// <summary>Multiply-accumulates a second of the machine on which speeds of codecs are measured; a slower device runs both in proportion.</summary>
    private const double AssumedMacsPerSecond = 5e10;
    private const double MinSeconds = 1e-9;

    /// <summary>Losses of accuracy that may be acceptable, as parts of that of the most accurate arm. Arms that lose more stand for themselves.</summary>
    private static ReadOnlySpan<double> Losses => [0, 0.001, 0.003, 0.01, 0.03, 0.1];

    /// <summary>Leaves the arms that can win, in their order, numbered anew, and the device.</summary>
    /// <param name="arms">The arms, by server, variant and rising cut; those that run everything on the device come last.</param>
    /// <param name="heads">Delays of the heads; where nothing is measured yet, their work stands for them.</param>
    /// <param name="maxArmsOfServer">The most arms to leave of each server; those that win most often.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no arm.</exception>
    public static ImmutableArray<ArmDescription> Prune(ImmutableArray<ArmDescription> arms, HeadProfile heads, int maxArmsOfServer = MaxArmsOfServer)
    {
        ArgumentOutOfRangeException.ThrowIfZero(arms.Length, nameof(arms));
        var kept = Enumerable.Range(0, arms.Length).GroupBy(arm => arms[arm].Arm.Server)
            .SelectMany(server => server.Key == Arm.OnDevice ? LocalPruning.Winners(arms, [.. server], heads, minAccuracy: 0) : Winners(arms, [.. server], heads, maxArmsOfServer)).Order();
        return [.. kept.Select((arm, index) => arms[arm] with { Arm = arms[arm].Arm with { Index = index } })];
    }

    /// <summary>
    /// The same for requests that all ask for one accuracy: leaves the arms that can win among those that have it, which are fewer. Of arms that run
    /// everything on the device all without an exit are left. Where no arm of a server has that accuracy, those that have the most are compared.
    /// </summary>
    /// <param name="arms">The arms, by server, variant and rising cut; those that run everything on the device come last.</param>
    /// <param name="heads">Delays of the heads; where nothing is measured yet, their work stands for them.</param>
    /// <param name="minAccuracy">The accuracy that requests ask for, 0 to 1.</param>
    /// <param name="maxArmsOfServer">The most arms to leave of each server; those that win most often.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no arm.</exception>
    public static ImmutableArray<ArmDescription> PruneFor(ImmutableArray<ArmDescription> arms, HeadProfile heads, double minAccuracy, int maxArmsOfServer = MaxArmsOfAccuracy)
    {
        ArgumentOutOfRangeException.ThrowIfZero(arms.Length, nameof(arms));
        var kept = Enumerable.Range(0, arms.Length).GroupBy(arm => arms[arm].Arm.Server)
            .SelectMany(server => server.Key == Arm.OnDevice ? LocalPruning.Winners(arms, [.. server], heads, minAccuracy) : WinnersFor(arms, [.. server], heads, minAccuracy, maxArmsOfServer)).Order();
        return [.. kept.Select((arm, index) => arms[arm] with { Arm = arms[arm].Arm with { Index = index } })];
    }

    private static int[] WinnersFor(ImmutableArray<ArmDescription> arms, int[] ofServer, HeadProfile heads, double minAccuracy, int max)
    {
        var least = Math.Min(minAccuracy, ofServer.Max(arm => arms[arm].Accuracy));
        return Winners(arms, [.. ofServer.Where(arm => arms[arm].Accuracy >= least - 1e-9)], heads, [1], Doubt, max);
    }

    /// <summary>The places of those arms of one server that win somewhere, rising.</summary>
    internal static int[] Winners(ImmutableArray<ArmDescription> arms, int[] ofServer, HeadProfile heads, int max = int.MaxValue) => Winners(arms, ofServer, heads, Losses, doubt: 0, max);

    // With doubt, an arm that costs little more than the cheapest wins as well, in part.
    private static int[] Winners(ImmutableArray<ArmDescription> arms, int[] ofServer, HeadProfile heads, ReadOnlySpan<double> losses, double doubt, int max)
    {
        if (ofServer.Length == 0) return [];
        Line[] lines = [.. ofServer.Select(arm => LineOf(arms, arm, heads))];

        // At nominal speeds the device, the link and the server take as long for the most that there is for each of them.
        var whole = Math.Max(WholeSeconds(arms, heads), MinSeconds);
        var (bits, tail) = (Math.Max(lines.Max(static l => l.Bits), 1), Math.Max(lines.Max(static l => l.Tail), MinSeconds));
        var wins = new double[lines.Length];
        var before = -1;
        // What is right in 68 % of cases loses nothing where no arm is right more often.
        var best = arms.Max(static arm => arm.Accuracy);
        var leastCompared = (1 - losses[^1]) * best;
        foreach (var loss in losses)
        {
            int[] acceptable = [.. Enumerable.Range(0, lines.Length).Where(i => lines[i].Accuracy >= ((1 - loss) * best) - 1e-9)];
            if (acceptable.Length == before || acceptable.Length == 0) continue;
            before = acceptable.Length;
            Line[] compared = [.. acceptable.Select(i => lines[i])];
            for (var i = -Decades * PointsOfDecade; i <= Decades * PointsOfDecade; i++)
                for (var j = -Decades * PointsOfDecade; j <= Decades * PointsOfDecade; j++)
                    Count(wins, acceptable, compared, whole / bits * Factor(i), whole / tail / NominalSpeedup * Factor(j), doubt);
        }

        return [.. Enumerable.Range(0, lines.Length)
            .Where(i => wins[i] > 0 || lines[i].Accuracy < leastCompared)
            .OrderByDescending(i => wins[i]).Take(max).Select(i => ofServer[i]).Order()];
    }

    private static double Factor(int point) => Math.Pow(10, (double)point / PointsOfDecade);

    private static void Count(double[] wins, int[] places, Line[] lines, double secondsPerBit, double slowness, double doubt)
    {
        var (cheapest, least) = (0, double.PositiveInfinity);
        for (var i = 0; i < lines.Length; i++)
        {
            var cost = lines[i].CostAt(secondsPerBit, slowness);
            if (cost < least) (cheapest, least) = (i, cost);
        }

        wins[places[cheapest]]++;
        for (var i = 0; doubt > 0 && i < lines.Length; i++)
            if (i != cheapest) wins[places[i]] += Math.Max(0, 1 - (((lines[i].CostAt(secondsPerBit, slowness) / least) - 1) / doubt));
    }

    private static Line LineOf(ImmutableArray<ArmDescription> arms, int arm, HeadProfile heads)
    {
        var description = arms[arm];
        var variant = description.Arm.Variant;
        var last = variant == arms[^1].Arm.Variant ? arms[^1].Arm.Cut : heads.CountOf(variant) - 1;
        var (head, whole) = (HeadSeconds(heads, variant, description.Arm.Cut), HeadSeconds(heads, variant, last));

        // The shape of the tail is that of the device, as far as it tells; an exit does less.
        var work = (Work(description), WorkOfVariant(arms, description));
        var byWork = work.Item2 > 0 ? whole * work.Item1 / work.Item2 : 0;
        var tail = description.TailSeconds > 0 ? description.TailSeconds : description.ServerExit == 0 ? Math.Max(whole - head, byWork / 10) : byWork;
        var stay = 1 - description.ExitRate;
        return new(head + description.ExitSeconds + (stay * description.EncodeSeconds), stay * description.PayloadBits, stay * (tail + description.DecodeSeconds), description.Accuracy);
    }

    private static double WholeSeconds(ImmutableArray<ArmDescription> arms, HeadProfile heads) => HeadSeconds(heads, arms[^1].Arm.Variant, arms[^1].Arm.Cut);

    internal static double HeadSeconds(HeadProfile heads, int variant, int cut) =>
        heads.SecondsOf(variant, heads.CountOf(variant) - 1) > 0 ? heads.SecondsOf(variant, cut) : heads.WorkOf(variant, cut) / AssumedMacsPerSecond;

    private static double Work(ArmDescription arm) => arm.TailMacs.Sum() + (NodeMacs * arm.TailNodes.Sum());

    private static double WorkOfVariant(ImmutableArray<ArmDescription> arms, ArmDescription of)
    {
        var most = 0.0;
        foreach (var arm in arms)
            if (arm.Arm.Variant == of.Arm.Variant) most = Math.Max(most, Work(arm));
        return most;
    }

    private readonly record struct Line(double Head, double Bits, double Tail, double Accuracy)
    {
        public double CostAt(double secondsPerBit, double slowness) => Head + (secondsPerBit * Bits) + (slowness * Tail);
    }
}
