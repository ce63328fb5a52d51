namespace SplitInfer.Policies.Learning;

/// <summary>
/// How likely an arm is to answer in time, and how long the device takes at most: what requests took beyond what was predicted of them, for each
/// server and for the device. Nothing is recorded until it is asked for. Not thread-safe.
/// </summary>
/// <remarks>
/// <code>
/// r      head + encode, measured less predicted, plus what the link took beside b bits, plus σ·(server, measured less predicted); infinite where
///        there was no answer and will be none
/// s      seconds a bit; residuals are worked out anew once it has moved
/// σ      N/(N + V) with the variance N of the server's time and V of its estimate: the part of the difference that is expected to be scatter, and no
///        error of an estimate that will soon be right
/// P      share of r ≤ time left − head − encode − tail − s·b; while there are few r, mixed with the normal law of the cost model
/// q      measured over predicted time of what the device ran
/// </code>
/// What the link takes however little is sent is part of r, so that a link that scatters widely is known by its own history and not through an
/// estimate that wanders with it. What a server takes is not: what it took before it was known, or before it changed, says nothing of the next request.
/// A server that refuses is asked in vain however long the request might have waited, so that the bound that a missed deadline leaves would flatter it.
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

    /// <summary>Most q that is reckoned with; beyond, the process was stopped rather than slow.</summary>
    private const double MaxFactor = 1e3;

    private readonly ResidualWindow[] _windows = [.. Enumerable.Range(0, servers).Select(static _ => new ResidualWindow())];
    private readonly double[] _slopes = new double[servers];
    private readonly ResidualWindow _device = new();

    /// <summary>Whether outcomes are recorded.</summary>
    public bool IsRecording { get; set; }

    /// <summary>The residuals of a server.</summary>
    public ResidualWindow this[int server] => _windows[server];

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
            RelativeDeviation = weight > 0 ? costs.Deviation(reference) / costs.Unanswered(reference) : 0,
        };
    }

    /// <summary>Probability that a remote arm answers within a time.</summary>
    /// <param name="costs">Estimated costs of the arms.</param>
    /// <param name="arm">The arm.</param>
    /// <param name="seconds">The time from the start of the head, s.</param>
    public double InTime(CostModel costs, int arm, double seconds)
    {
        var view = ViewOf(costs, costs.Arms[arm].Server);
        return view.InTime(seconds, costs.Unanswered(arm), view.Left(seconds, costs.Unanswered(arm), costs.Bits(arm)));
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
        if (IsRecording && predicted > 0) _device.Add(new(Math.Min(seconds / predicted, MaxFactor), Bits: 0, IsBound: false, sequence), Negligible);
    }

    /// <summary>Records what a request that was sent took. Called before anything else learns from it.</summary>
    public void Observe(CostModel costs, in Outcome outcome)
    {
        if (!IsRecording) return;
        var isRefused = outcome.Server is ServerOutcome.Refused or ServerOutcome.Failed;
        if (!isRefused && outcome.OffloadSeconds <= 0) return;
        var window = _windows[outcome.Decision.Arm.Server];
        var residual = isRefused ? Residual.Never(outcome.Decision.Sequence) : ResidualOf(costs, outcome);
        if (outcome.Kind != OutcomeKind.LateReply || !window.Settle(residual)) window.Add(residual, Negligible * outcome.OffloadSeconds);
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

    private Residual ResidualOf(CostModel costs, in Outcome outcome)
    {
        var arm = outcome.Decision.Arm;
        var bits = outcome.BytesSent > 0 ? outcome.BytesSent * 8.0 : costs.Bits(arm.Index);
        var onDevice = outcome.HeadSeconds > 0 ? outcome.HeadSeconds + outcome.EncodeSeconds - costs.Device.Mean(arm.Index) : 0;
        var server = outcome.ServerSeconds - costs.Tail(arm.Index) - costs.Wait(arm.Index);
        var beside = outcome.IsCensored ? outcome.OffloadSeconds + server : outcome.OffloadSeconds - outcome.ServerSeconds + (costs.TailScatter(arm.Index) * server);
        return new(onDevice + beside - (_slopes[arm.Server] * bits), bits, outcome.IsCensored, outcome.Decision.Sequence);
    }
}
