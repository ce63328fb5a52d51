namespace SplitInfer.Policies.Learning;

/// <summary>
/// How likely an arm is to answer in time, and how long the device takes at most: what requests took beyond what was predicted of them, for each
/// server and for the device. Nothing is recorded until it is asked for. Not thread-safe.
/// </summary>
/// <remarks>
/// <code>
/// r      head + encode + offload, measured, less head + encode + tail, predicted, less s·b: what the link took beside b bits, and all scatter
/// s      seconds a bit; residuals are worked out anew once it has moved
/// P      share of r ≤ time left − head − encode − tail − s·b; while there are few r, mixed with the normal law of the cost model
/// q      measured over predicted time of what the device ran
/// </code>
/// What the link takes however little is sent is part of r, so that a link that scatters widely is known by its own history and not through an
/// estimate that wanders with it.
/// </remarks>
internal sealed class ResidualModel(int servers)
{
    /// <summary>How many residuals the normal law counts for at first, and from how many on it no longer does.</summary>
    private const double PriorWeight = 4, Known = 64;

    /// <summary>Change of s, relative to itself, from which residuals are worked out anew.</summary>
    private const double SlopeTolerance = 0.1;

    /// <summary>A change of no more than this part of what is measured is none.</summary>
    private const double Negligible = 0.01;

    /// <summary>q while too little was measured, and its standard deviation then.</summary>
    private const double UnknownFactor = 1.25, UnknownDeviation = 0.1;

    /// <summary>Least q that is reckoned with: runs that a reply made needless are not measured, and they are the longer ones.</summary>
    private const double LeastFactor = 1.1;

    /// <summary>How much longer than the longest run so far the next one may be.</summary>
    private const double Headroom = 1.05;
    private const int MinRuns = 16;

    private readonly ResidualWindow[] _windows = [.. Enumerable.Range(0, servers).Select(static _ => new ResidualWindow())];
    private readonly double[] _slopes = new double[servers];
    private readonly ResidualWindow _device = new();

    /// <summary>Whether outcomes are recorded.</summary>
    public bool IsRecording { get; set; }

    /// <summary>How many residuals of a server there are.</summary>
    public int CountOf(int server) => _windows[server].Count;

    /// <summary>How often a server's residuals were found to have changed.</summary>
    public int ChangesOf(int server) => _windows[server].Changes;

    /// <summary>Brings a server's residuals up to date with its link.</summary>
    public void Advance(int server, in LinkDelay link)
    {
        var slope = _slopes[server];
        if (Math.Abs(link.SecondsPerBit - slope) <= SlopeTolerance * slope) return;
        _windows[server].Rebase(slope - link.SecondsPerBit);
        _slopes[server] = link.SecondsPerBit;
    }

    /// <summary>What a server's residuals say at a decision.</summary>
    /// <param name="costs">Estimated costs of the arms.</param>
    /// <param name="server">The server; some of its arms may be taken.</param>
    public ResidualView ViewOf(CostModel costs, int server)
    {
        var (window, link) = (_windows[server], costs.Servers[server].Link.Delay);
        var weight = PriorWeight * Math.Max(0, 1 - (window.Count / Known));
        var reference = costs.Servers[server].Best;
        return new()
        {
            Window = window,
            Fixed = link.Fixed,
            SecondsPerBit = link.SecondsPerBit - _slopes[server],
            PriorWeight = weight,
            RelativeDeviation = weight > 0 ? costs.Deviation(reference) / costs.Mean(reference) : 0,
        };
    }

    /// <summary>Probability that a remote arm answers within a time.</summary>
    /// <param name="costs">Estimated costs of the arms.</param>
    /// <param name="arm">The arm.</param>
    /// <param name="seconds">The time from the start of the head, s.</param>
    public double InTime(CostModel costs, int arm, double seconds)
    {
        var view = ViewOf(costs, costs.Arms[arm].Server);
        return view.InTime(seconds, costs.Mean(arm), view.Left(seconds, costs.Mean(arm), costs.Bits(arm)));
    }

    /// <summary>Probability that the device runs something within so many times what is predicted of it.</summary>
    public double DeviceInTime(double factor)
    {
        if (double.IsPositiveInfinity(factor)) return 1;
        if (_device.Count >= MinRuns) return _device.Below(factor);
        var weight = PriorWeight;
        var prior = 1 - TruncatedNormal.Above((factor - 1) / UnknownDeviation).Probability;
        return ((_device.Count * _device.Below(factor)) + (weight * prior)) / (_device.Count + weight);
    }

    /// <summary>How many times what is predicted the device takes at most, but for the given probability.</summary>
    public double DeviceFactor(double risk) => _device.Count < MinRuns ? UnknownFactor : Math.Max(LeastFactor, Headroom * _device.Quantile(risk));

    /// <summary>Records what the device took for something, s.</summary>
    public void ObserveDevice(double seconds, double predicted, long sequence)
    {
        if (IsRecording && predicted > 0) _device.Add(new(seconds / predicted, Bits: 0, IsBound: false, sequence), Negligible);
    }

    /// <summary>Records what a request took. Called before anything else learns from it.</summary>
    public void Observe(CostModel costs, in Outcome outcome)
    {
        if (!IsRecording) return;
        var arm = outcome.Decision.Arm;
        var bits = outcome.BytesSent > 0 ? outcome.BytesSent * 8.0 : costs.Bits(arm.Index);
        var onDevice = outcome.HeadSeconds > 0 ? outcome.HeadSeconds + outcome.EncodeSeconds - costs.Device.Mean(arm.Index) : 0;
        var seconds = onDevice + outcome.OffloadSeconds - costs.Tail(arm.Index) - (_slopes[arm.Server] * bits);
        _windows[arm.Server].Add(new(seconds, bits, outcome.IsCensored, outcome.Decision.Sequence), Negligible * outcome.OffloadSeconds);
    }

    /// <summary>Writes all residuals.</summary>
    public void Save(PolicyStateWriter state)
    {
        state.Write(_slopes);
        foreach (var window in _windows) window.Save(state);
        _device.Save(state);
    }

    /// <summary>Restores those of an earlier run.</summary>
    public void Restore(PolicyStateReader state)
    {
        state.Read(_slopes, 0, Outcome.MaxSeconds);
        foreach (var window in _windows) window.Restore(state);
        _device.Restore(state);
    }
}

/// <summary>The residuals of one server at one decision.</summary>
internal readonly struct ResidualView
{
    /// <summary>Standard deviations beyond which the normal law has nothing left, and places of its table for each.</summary>
    private const int Certain = 5, Places = 64;

    private static readonly double[] Normal = [.. Enumerable.Range(-Certain * Places, (2 * Certain * Places) + 1).Select(static place => 1 - TruncatedNormal.Above((double)place / Places).Probability)];

    /// <summary>The residuals.</summary>
    public required ResidualWindow Window { get; init; }

    /// <summary>What the link is expected to take beside bits, s.</summary>
    public required double Fixed { get; init; }

    /// <summary>What a bit takes beyond what residuals were worked out with, s.</summary>
    public required double SecondsPerBit { get; init; }

    /// <summary>How many residuals the normal law counts for.</summary>
    public required double PriorWeight { get; init; }

    /// <summary>Its standard deviation, relative to what an arm is expected to cost.</summary>
    public required double RelativeDeviation { get; init; }

    /// <summary>What an arm leaves of a time to what the link takes beside its bits, and to all that scatters, s. The more of it, the likelier it is in time.</summary>
    /// <param name="seconds">The time from the start of the head, s.</param>
    /// <param name="mean">Expected cost of the arm, s.</param>
    /// <param name="bits">What it sends.</param>
    public double Left(double seconds, double mean, double bits) => seconds - mean + Fixed + (SecondsPerBit * bits);

    /// <summary>Probability that an arm answers within a time.</summary>
    /// <param name="seconds">The time from the start of the head, s.</param>
    /// <param name="mean">Expected cost of the arm, s.</param>
    /// <param name="left">What it leaves.</param>
    public double InTime(double seconds, double mean, double left)
    {
        if (double.IsPositiveInfinity(seconds)) return 1;
        if (seconds <= 0) return 0;

        // What was never seen is not impossible: of n and one more, half of one may be below any bound, unless the link would have to take no time.
        var n = Window.Count;
        var share = ((n * Window.Below(left)) + (left > 0 ? 0.5 : 0)) / (n + 1);
        if (PriorWeight == 0) return share;
        var deviations = (seconds - mean) / (RelativeDeviation * mean);
        var prior = NormalBelow(deviations);
        return ((n * share) + (PriorWeight * prior)) / (n + PriorWeight);
    }

    // Hundreds of arms are asked about at a decision, and the law is a stopgap: to the place of its table is near enough.
    private static double NormalBelow(double deviations)
    {
        var place = (deviations + Certain) * Places;
        return place <= 0 ? 0 : place >= Normal.Length - 1 ? 1 : Normal[(int)place];
    }
}
