namespace SplitInfer.Client.Policies.Learning;

/// <summary>
/// What tails are expected to cost before the server has run any: the shape of the device's own delays, since both run
/// the same nodes, and how far the server's may differ from that shape.
/// </summary>
/// <remarks>
/// <code>
/// c_j    what the device spends between the cuts of arms j and j+1, s
/// g_p    Σ_{j≥p} c_j: nominal delay of the tail of arm p
/// P      prior covariance of g: the sum, over cost classes, of the class's share of g as a whole, which a server may do
///        faster or slower; over j, of c_j alone; a delay common to all requests; and each arm's own
/// </code>
/// </remarks>
internal static class ServerPrior
{
    private const double SpeedDeviation = 1.5;
    private const double ClassDeviation = 0.4;
    private const double StretchDeviation = 0.5;
    private const double OverheadShare = 0.02;
    private const double OwnDeviation = 0.05;

    /// <summary>How much faster than the device a server is taken to be that says nothing of its speed.</summary>
    private const double AssumedSpeedup = 10;

    public static DelayBelief Make(PolicySetup setup)
    {
        var arms = setup.Arms;
        var tails = arms.Length - 1;
        var classes = arms[0].TailMacs.Length;
        var belief = new DelayBelief(tails);
        var stretches = Stretches(setup);
        var shares = new double[tails, classes];
        var nominal = new double[tails + 1];
        var byClass = new double[classes];
        var overhead = OverheadShare * stretches.Sum();
        nominal[tails] = overhead;
        for (var j = tails - 1; j >= 0; j--)
        {
            nominal[j] = nominal[j + 1] + Math.Max(stretches[j], 1e-7);
            belief.Expect(j, nominal[j]);
            var work = 0.0;
            for (var c = 0; c < classes; c++) work += Difference(arms[j].TailMacs[c], arms[j + 1].TailMacs[c], j == tails - 1);
            for (var c = 0; c < classes; c++)
            {
                var fraction = work > 0 ? Difference(arms[j].TailMacs[c], arms[j + 1].TailMacs[c], j == tails - 1) / work : 1.0 / classes;
                byClass[c] += fraction * stretches[j];
                shares[j, c] = byClass[c] / nominal[j];
            }
        }

        var independent = new double[tails];
        var sum = 0.0;
        for (var j = tails - 1; j >= 0; j--)
        {
            sum += StretchDeviation * StretchDeviation * stretches[j] * stretches[j];
            independent[j] = sum;
        }

        for (var p = 0; p < tails; p++)
        {
            for (var q = 0; q < tails; q++)
            {
                var covariance = SpeedDeviation * SpeedDeviation;
                for (var c = 0; c < classes; c++) covariance += ClassDeviation * ClassDeviation * shares[p, c] * shares[q, c];
                covariance += (independent[Math.Max(p, q)] + (overhead * overhead)) / (nominal[p] * nominal[q]);
                if (p == q) covariance += OwnDeviation * OwnDeviation;
                belief.LogCovariance(p, q) = covariance;
            }
        }

        return belief;
    }

    private static double[] Stretches(PolicySetup setup)
    {
        var arms = setup.Arms;
        var last = arms.Length - 1;
        var whole = setup.Heads.SecondsOf(arms[last].Arm.Partition.Index);
        var work = Math.Max(Total(arms[0]), 1);
        var speed = setup.ServerMacsPerSecond is > 0 and var declared ? declared : whole > 0 ? AssumedSpeedup * work / whole : 1e10;
        var perDeviceSecond = whole > 0 ? work / speed / whole : 0;
        var stretches = new double[last];
        for (var j = 0; j < last; j++)
        {
            var nextWork = j + 1 == last ? 0 : Total(arms[j + 1]);
            var byWork = Math.Max(0, Total(arms[j]) - nextWork) / speed;
            var byDevice = (setup.Heads.SecondsOf(arms[j + 1].Arm.Partition.Index) - setup.Heads.SecondsOf(arms[j].Arm.Partition.Index)) * perDeviceSecond;
            stretches[j] = whole > 0 ? Math.Max(byDevice, byWork / 10) : byWork;
        }

        return stretches;
    }

    private static double Total(ArmProfile arm)
    {
        var sum = 0.0;
        foreach (var macs in arm.TailMacs) sum += macs;
        return sum;
    }

    private static double Difference(double earlier, double later, bool isLast) => Math.Max(0, earlier - (isLast ? 0 : later));
}
