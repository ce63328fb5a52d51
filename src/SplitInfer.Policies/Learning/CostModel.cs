
namespace SplitInfer.Policies.Learning;

/// <summary>
/// What every arm costs: device, link and server learned apart, each from every request, whichever arm it took. Not
/// thread-safe.
/// </summary>
/// <remarks>
/// <code>
/// cost(p) = head(p) + encode(p)  +  link(bits(p))  +  tail(p)      p an arm but the last
/// cost(P) = head(P)                                                P everything on the device
/// </code>
/// The first part is known but for how slow the device is at the moment; link and tail, in which decoding is, are learned.
/// </remarks>
internal sealed class CostModel
{
    /// <summary>A reply is late by this many standard deviations: one in some forty is where nothing has changed.</summary>
    private const double Lateness = 2;

    private const double BitsGain = 0.2;
    private const double MinSeconds = 1e-7;

    private readonly double[] _bits;
    private readonly double[] _means;
    private readonly double[] _remotes;
    private readonly DelayBelief _server;
    private long _changedAt;

    public CostModel(PolicySetup setup, ArmTable arms)
    {
        (Arms, Device, Link, _server) = (arms, new(setup), new(isContended: setup.IsSingleCore), ServerPrior.Of(setup));
        _bits = [.. setup.Arms.Select(static a => Math.Max(a.PayloadBits, 1))];
        (_means, _remotes) = (new double[arms.Count], new double[arms.Count]);
    }

    /// <summary>The arms.</summary>
    public ArmTable Arms { get; }

    /// <summary>Heads and encoding.</summary>
    public DeviceModel Device { get; }

    /// <summary>The link.</summary>
    public LinkModel Link { get; }

    /// <summary>Bits that an arm is expected to send.</summary>
    public double Bits(int arm) => _bits[arm];

    /// <summary>Expected cost of an arm at the last <see cref="Advance"/>, s.</summary>
    public double Mean(int arm) => _means[arm];

    /// <summary>The part of it that link and server make, s.</summary>
    public double Remote(int arm) => _remotes[arm];

    /// <summary>Expected cost of racing an arm against the device, s; of the arm alone where it cannot be raced.</summary>
    public double Raced(int arm) => Arms.CanRace ? Math.Min(_means[arm], RaceModel.Overhead * _means[Arms.OnDevice]) : _means[arm];

    /// <summary>Seconds from the start of encoding after which the reply to an arm's request is late, s.</summary>
    public double LateAfter(int arm)
    {
        var (bits, tail) = (_bits[arm], _server.Seconds(arm));
        var link = Link.Covariance(bits, bits) + Link.Scatter(bits);
        var server = _server.Covariance(arm, arm) + _server.Noise.Of(tail * tail);
        return Device.Encode(arm) + _remotes[arm] + (Lateness * Math.Sqrt(link + server));
    }

    /// <summary>Expected delay of the tail of an arm, s.</summary>
    public double Tail(int arm) => _server.Seconds(arm);

    /// <summary>Covariance of the costs of two arms, s².</summary>
    public double Covariance(int arm, int other)
    {
        var covariance = Device.Covariance(arm, other);
        if (arm != Arms.OnDevice && other != Arms.OnDevice)
            covariance += Link.Covariance(_bits[arm], _bits[other]) + _server.Covariance(arm, other);
        return covariance;
    }

    /// <summary>Counts a decision, works out the costs, and says which allowed arm is expected to cost least.</summary>
    public int Advance(in DecisionContext context)
    {
        Arms.Refresh(context);
        Device.Advance();
        if (Link.IsKnown) Link.Memory.Advance(Link.Delay);
        _means[Arms.OnDevice] = Device.Mean(Arms.OnDevice);
        var best = Arms.OnDevice;
        foreach (var arm in Arms.Remote)
        {
            _remotes[arm] = Link.Mean(_bits[arm]) + _server.Seconds(arm);
            _means[arm] = Device.Mean(arm) + _remotes[arm];
            if (_means[arm] < _means[best]) best = arm;
        }

        return best;
    }

    /// <summary>Learns what a request cost. True where link or server turn out to have changed.</summary>
    public bool Observe(in Outcome outcome)
    {
        var (arm, sequence) = (outcome.Decision.Arm.Index, outcome.Decision.Sequence);
        if (outcome.HeadSeconds > 0) Device.ObserveHead(arm, outcome.HeadSeconds);
        if (outcome.DeviceSeconds > 0) Device.ObserveHead(Arms.OnDevice, outcome.DeviceSeconds / RaceModel.Overhead);
        if (outcome.EncodeSeconds > 0) Device.ObserveEncode(arm, outcome.EncodeSeconds);

        // A reply to a request that was sent before the change was seen tells of a world that is no more.
        if (arm == Arms.OnDevice || outcome.OffloadSeconds <= 0 || sequence < _changedAt) return false;
        if (outcome.IsCensored)
        {
            Link.ObserveCensored(_bits[arm], outcome.OffloadSeconds - _server.Seconds(arm));
            return false;
        }

        var bits = Math.Max(outcome.BytesSent * 8.0, 1);
        _bits[arm] += BitsGain * (bits - _bits[arm]);
        var server = _server.Observe(arm, Math.Max(outcome.ServerSeconds, MinSeconds));
        var link = Link.Observe(bits, Math.Max(outcome.OffloadSeconds - outcome.ServerSeconds, MinSeconds));
        if (server != Change.Jump && link != Change.Jump) return false;
        _changedAt = sequence;
        return true;
    }

    /// <summary>Learns a round-trip time.</summary>
    /// <param name="seconds">The time.</param>
    /// <param name="sequence">The last decision that was made.</param>
    public void ObserveRoundTrip(double seconds, long sequence)
    {
        if (Link.ObserveRoundTrip(seconds) == Change.Jump) _changedAt = sequence;
    }

    /// <summary>Writes what was learned of link and server. The device's profile is kept by itself.</summary>
    public void Save(PolicyStateWriter state)
    {
        state.Write(_bits);
        _server.Save(state);
        Link.Save(state);
    }

    /// <summary>Goes on from what an earlier run learned.</summary>
    public void Restore(PolicyStateReader state)
    {
        state.Read(_bits, 1, 1e15);
        _server.Restore(state);
        Link.Restore(state);
    }
}
