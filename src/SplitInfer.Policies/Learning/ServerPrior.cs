namespace SplitInfer.Policies.Learning;

/// <summary>
/// Prior for the tail delays of a server that has not run any: the shape of the device's delays, since both run the same nodes, and how
/// far the server may deviate from that shape.
/// </summary>
/// <remarks>
/// <code>
/// c_j    what the server would spend between the cuts of arms j and j+1 of a variant if it were a faster device, s     stretches
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

    /// <summary>How far the server's speed, and each tail beside that, are from what was measured beforehand.</summary>
    private const double MeasuredSpeedDeviation = 0.7, MeasuredOwnDeviation = 0.1;

    /// <summary>What is expected of the tails of one server, by their rows.</summary>
    public static DelayEstimator Of(PolicySetup setup, ArmTable arms, int server)
    {
        var own = Enumerable.Range(0, arms.Remotes).Where(arm => arms[arm].Server == server).DistinctBy(arm => arms.Rows.Tail[arm]).ToArray();
        var belief = new DelayEstimator(own.Length);
        if (own.Length > 0 && own.All(arm => setup.Arms[arm].TailSeconds > 0)) return Measured(belief, setup, arms, own);
        Chain[] chains = [.. own.GroupBy(arm => (arms[arm].Variant, setup.Arms[arm].ServerExit)).Select(chain => new Chain(setup, [.. chain]))];
        foreach (var chain in chains)
        {
            for (var p = 0; p < chain.Length; p++)
            {
                belief.Expect(arms.Rows.Tail[chain.Arms[p]], chain.Delays[p]);
                foreach (var other in chains)
                    for (var q = 0; q < other.Length; q++)
                        belief.LogCovariance(arms.Rows.Tail[chain.Arms[p]], arms.Rows.Tail[other.Arms[q]]) = Covariance(chain, p, other, q);
            }
        }

        return belief;
    }

    // Tails that were measured beforehand, on a server that may be busier now.
    private static DelayEstimator Measured(DelayEstimator belief, PolicySetup setup, ArmTable arms, int[] own)
    {
        foreach (var arm in own)
        {
            belief.Expect(arms.Rows.Tail[arm], setup.Arms[arm].TailSeconds);
            foreach (var other in own)
                belief.LogCovariance(arms.Rows.Tail[arm], arms.Rows.Tail[other]) = (MeasuredSpeedDeviation * MeasuredSpeedDeviation) + (arm == other ? MeasuredOwnDeviation * MeasuredOwnDeviation : 0);
        }

        return belief;
    }

    private static double Covariance(Chain chain, int p, Chain other, int q)
    {
        var isSame = ReferenceEquals(chain, other);
        var common = (chain.Overhead * other.Overhead) + (isSame ? StretchDeviation * StretchDeviation * chain.Squares[Math.Max(p, q)] : 0);
        for (var c = 0; c < chain.Classes; c++) common += ClassDeviation * ClassDeviation * chain.ByClass[p, c] * other.ByClass[q, c];
        return (AssumedSpeedDeviation * AssumedSpeedDeviation) + (common / (chain.Delays[p] * other.Delays[q])) + (isSame && p == q ? OwnDeviation * OwnDeviation : 0);
    }

    /// <summary>The tails of one variant, by rising cut: each is a part of the one before.</summary>
    private sealed class Chain
    {
        private readonly PolicySetup _setup;

        public Chain(PolicySetup setup, int[] arms)
        {
            (_setup, Arms) = (setup, arms);
            var stretches = Stretches();
            Overhead = Math.Max(OverheadShare * stretches.Sum(), MinSeconds);
            (Delays, Squares, ByClass) = (new double[Length], new double[Length], new double[Length, Classes]);
            for (var j = Length - 1; j >= 0; j--)
            {
                Delays[j] = stretches[j] + (j == Length - 1 ? Overhead : Delays[j + 1]);
                Squares[j] = (stretches[j] * stretches[j]) + (j == Length - 1 ? 0 : Squares[j + 1]);
                for (var c = 0; c < Classes; c++)
                    ByClass[j, c] = (stretches[j] * ShareOf(j, c)) + (j == Length - 1 ? 0 : ByClass[j + 1, c]);
            }
        }

        /// <summary>The places of the arms.</summary>
        public int[] Arms { get; }

        public int Length => Arms.Length;

        public int Classes => Arm(0).TailMacs.Length;

        /// <summary>e.</summary>
        public double Overhead { get; }

        /// <summary>g.</summary>
        public double[] Delays { get; }

        /// <summary>Σ c².</summary>
        public double[] Squares { get; }

        /// <summary>What of g is of each class.</summary>
        public double[,] ByClass { get; }

        private double[] Stretches()
        {
            var device = HeadSeconds(Length);
            var work = Math.Max(Work(0), 1);
            var macsPerSecond = device > 0 ? AssumedSpeedup * work / device : AssumedMacsPerSecond;
            var stretches = new double[Length];
            for (var j = 0; j < stretches.Length; j++)
            {
                var byWork = Math.Max(0, Work(j) - Work(j + 1)) / macsPerSecond;
                if (device == 0)
                {
                    stretches[j] = byWork;
                    continue;
                }

                // Head delays are not monotone, so that a stretch may seem to take no time or less.
                var onDevice = HeadSeconds(j + 1) - HeadSeconds(j);
                stretches[j] = Math.Max(onDevice / device * work / macsPerSecond, byWork / 10);
            }

            return stretches;
        }

        // The part of the work between arms j and j + 1 that is of a class.
        private double ShareOf(int j, int c)
        {
            var all = 0.0;
            for (var i = 0; i < Classes; i++) all += Of(i);
            return all > 0 ? Of(c) / all : 1.0 / Classes;

            double Of(int i) => Math.Max(0, Arm(j).TailMacs[i] - (j == Length - 1 ? 0 : Arm(j + 1).TailMacs[i]));
        }

        private double Work(int j) => j == Length ? 0 : Arm(j).TailMacs.Sum();

        // The head after the last one is the variant as a whole.
        private double HeadSeconds(int j)
        {
            var (variant, whole) = (Arm(0).Arm.Variant, _setup.Arms[^1].Arm);
            if (j < Length) return _setup.Heads.SecondsOf(variant, Arm(j).Arm.Cut);
            return _setup.Heads.SecondsOf(variant, variant == whole.Variant ? whole.Cut : _setup.Heads.CountOf(variant) - 1);
        }

        private ArmDescription Arm(int j) => _setup.Arms[Arms[j]];
    }
}
