namespace SplitInfer.Policies.Learning;

/// <summary>
/// What tails are expected to cost before the server has run any: the shape of the device's own delays, since both run
/// the same nodes, and how far the server's may differ from that shape.
/// </summary>
/// <remarks>
/// <code>
/// c_j    what the server would spend between the cuts of arms j and j+1 if it were a faster device, s     stretches
/// e      what it spends on a request beside running nodes, s
/// g_p    e + Σ_{j≥p} c_j: expected delay of the tail of arm p
/// P      prior covariance of ln g, the sum of: the server's speed, common to all arms; the speed of each cost class, by
///        the class's share of g_p; e and each c_j, by their shares of g_p; and each arm's own
/// </code>
/// </remarks>
internal static class ServerPrior
{
    /// <summary>How much faster than the device a server is assumed to be.</summary>
    private const double AssumedSpeedup = 10;
    private const double AssumedMacsPerSecond = 1e10;

    /// <summary>e, as a part of the whole model.</summary>
    private const double OverheadShare = 0.02;

    private const double AssumedSpeedDeviation = 1.5;
    private const double ClassDeviation = 0.4;
    private const double StretchDeviation = 0.5;
    private const double OwnDeviation = 0.05;
    private const double MinSeconds = 1e-7;

    public static DelayBelief Of(PolicySetup setup)
    {
        var arms = setup.Arms;
        var tails = arms.Length - 1;
        var classes = arms[0].TailMacs.Length;
        var stretches = Stretches(setup);
        var belief = new DelayBelief(tails);

        // By arm, last to first: g, Σ c², and what of g is of each class.
        var overhead = Math.Max(OverheadShare * stretches.Sum(), MinSeconds);
        var delays = new double[tails];
        var squares = new double[tails];
        var byClass = new double[tails, classes];
        for (var j = tails - 1; j >= 0; j--)
        {
            delays[j] = stretches[j] + (j == tails - 1 ? overhead : delays[j + 1]);
            squares[j] = (stretches[j] * stretches[j]) + (j == tails - 1 ? 0 : squares[j + 1]);
            for (var c = 0; c < classes; c++)
                byClass[j, c] = (stretches[j] * ShareOf(setup, j, c)) + (j == tails - 1 ? 0 : byClass[j + 1, c]);
            belief.Expect(j, delays[j]);
        }

        for (var p = 0; p < tails; p++)
        {
            for (var q = 0; q < tails; q++)
            {
                var common = (overhead * overhead) + (StretchDeviation * StretchDeviation * squares[Math.Max(p, q)]);
                for (var c = 0; c < classes; c++) common += ClassDeviation * ClassDeviation * byClass[p, c] * byClass[q, c];
                belief.LogCovariance(p, q) = (AssumedSpeedDeviation * AssumedSpeedDeviation) + (common / (delays[p] * delays[q])) + (p == q ? OwnDeviation * OwnDeviation : 0);
            }
        }

        return belief;
    }

    private static double[] Stretches(PolicySetup setup)
    {
        var arms = setup.Arms;
        var device = setup.Heads.SecondsOf(arms[^1].Arm.Cut);
        var work = Math.Max(Work(setup, 0), 1);
        var macsPerSecond = device > 0 ? AssumedSpeedup * work / device : AssumedMacsPerSecond;
        var stretches = new double[arms.Length - 1];
        for (var j = 0; j < stretches.Length; j++)
        {
            var byWork = Math.Max(0, Work(setup, j) - Work(setup, j + 1)) / macsPerSecond;
            if (device == 0)
            {
                stretches[j] = byWork;
                continue;
            }

            // Head delays are not monotone, so that a stretch may seem to take no time or less.
            var onDevice = setup.Heads.SecondsOf(arms[j + 1].Arm.Cut) - setup.Heads.SecondsOf(arms[j].Arm.Cut);
            stretches[j] = Math.Max(onDevice / device * work / macsPerSecond, byWork / 10);
        }

        return stretches;
    }

    // The part of the work between arms j and j + 1 that is of a class.
    private static double ShareOf(PolicySetup setup, int j, int c)
    {
        var all = 0.0;
        for (var i = 0; i < setup.Arms[j].TailMacs.Length; i++) all += Of(i);
        return all > 0 ? Of(c) / all : 1.0 / setup.Arms[j].TailMacs.Length;

        double Of(int i) => Math.Max(0, setup.Arms[j].TailMacs[i] - (j + 2 == setup.Arms.Length ? 0 : setup.Arms[j + 1].TailMacs[i]));
    }

    private static double Work(PolicySetup setup, int arm) => arm == setup.Arms.Length - 1 ? 0 : setup.Arms[arm].TailMacs.Sum();
}
