using SplitInfer.Client.Policies.Learning;

namespace SplitInfer.Client.Policies.MuLinUcb;

internal sealed class MuLinUcbPolicy : IPartitionPolicy
{
    private const double RaceOverhead = 1.02;
    private const double WorthRacing = 1.5;
    private const double Hope = 0.25;

    private readonly Lock _lock = new();
    private readonly MuLinUcbOptions _options;
    private readonly ArmTable _arms;
    private readonly DeviceModel _device;
    private readonly DelayBelief _server;
    private readonly LinkModel _link = new();
    private readonly double[] _bits;
    private readonly double[] _means;
    private long _sequence;
    private long _changed;
    private long _outstanding;
    private int _alone;
    private int _unexplored;
    private int _forced;
    private int _blind;
    private bool _resolved;

    public MuLinUcbPolicy(PolicySetup setup, MuLinUcbOptions options)
    {
        _options = options;
        _arms = new(setup);
        _device = new(setup);
        _server = ServerPrior.Make(setup);
        _bits = [.. setup.Arms.Select(static a => a.PayloadBits)];
        _means = new double[_arms.Count];
    }

    public string Name => "MuLinUcb";

    public Decision Decide(in DecisionContext context)
    {
        lock (_lock)
        {
            _sequence++;
            _device.Advance();
            var local = _arms.OnDevice;
            if (context.IsServerUnavailable && _arms.AllowsOnDevice) return Take(local, _device.Mean(local));

            var best = _arms.AllowsOnDevice ? local : _arms.Remote[0];
            foreach (var arm in _arms.Remote) _means[arm] = Remote(arm) + _device.Mean(arm);
            _means[local] = _device.Mean(local);
            foreach (var arm in _arms.Remote) if (_means[arm] < _means[best]) best = arm;

            var waiting = _outstanding > 0 && _sequence - _outstanding <= 4;
            if (!_link.IsKnown && _arms.Remote.Length > 0)
                return waiting && _arms.AllowsOnDevice ? Take(local, _means[local]) : Force(SafestRemote(), true);

            if (waiting && best == local)
            {
                _alone++;
                return Take(local, _means[local]);
            }

            var chosen = best;
            var optimism = _options.Optimism * (context.IsKeyFrame ? 0.5 : 1);
            var lowest = _means[best];
            var variance = Covariance(best, best);
            foreach (var arm in _arms.Remote)
            {
                if (arm == best) continue;
                var bound = Bound(arm, best, variance, optimism);
                if (bound < lowest) (chosen, lowest) = (arm, bound);
            }

            if (best != local && _device.Unmeasured >= 4 && _device.Slowdown > 1.1 && !_device.Measures(best))
            {
                // A device that was slow and is not used any more may have recovered.
                var hoped = local;
                foreach (var arm in _arms.Remote)
                    if (Remote(arm) + _device.Nominal(arm) < (hoped == local ? 0 : Remote(hoped)) + _device.Nominal(hoped)) hoped = arm;
                if (hoped == local && _arms.AllowsOnDevice && _device.Unmeasured % 3 == 0)
                    return Take(best, _means[best]) with { IsForced = true, IsRaced = true };
                if (_device.Measures(hoped) && _device.Unmeasured >= 12)
                    return Force(hoped, false);
            }

            if (Environment.GetEnvironmentVariable("DBG") is not null) Console.WriteLine($"   best {best} {_means[best]*1e3:F3} chosen {chosen} {_means[chosen]*1e3:F3} bound {lowest*1e3:F3} {_link} fs {_server.Seconds(chosen)*1e3:F3} fd {_device.Slowdown:F3}");
            var part = _link.BandwidthVariance > 0.25 ? 0 : Hope;
            if (best != local && Blind(best, part) is var probe && probe >= 0)
            {
                _blind++;
                var price = (_arms.AllowsOnDevice ? Math.Min(_means[probe], RaceOverhead * _means[local]) : _means[probe]) - _means[best];
                if (_blind > (part == 0 && !_resolved && price < _means[best] ? 1 : Math.Max(_options.ForcedInterval, price / (0.002 * _means[best]))))
                {
                    _blind = 0;
                    _resolved = true;
                    return Force(probe, _means[local] < WorthRacing * _means[probe]);
                }
            }

            if (best == local)
            {
                _alone++;
                _unexplored++;
                if (_alone <= _options.ForcedInterval && chosen != local && _unexplored > 2) return Explore(chosen);
                if (_alone > _options.ForcedInterval) return Force(BestRemote((++_forced & 1) == 1 ? Hope : Hope / 16), true);
                return Take(local, _means[local]);
            }

            _alone = 0;
            var doubt = Math.Sqrt(Covariance(chosen, chosen));
            var race = _arms.AllowsOnDevice && _means[local] < _means[chosen] + (2 * doubt) && (chosen != best || doubt > 0.1 * _means[chosen]);
            return Take(chosen, _means[chosen]) with { IsForced = chosen != best, IsRaced = race };
        }
    }

    public void Observe(in Decision decision, in Observation observation)
    {
        lock (_lock)
        {
            var arm = decision.Arm.Index;
            if (observation.HeadSeconds > 0) _device.ObserveHead(arm, observation.HeadSeconds);
            if (observation.RacedDeviceSeconds > 0) _device.ObserveHead(_arms.OnDevice, observation.RacedDeviceSeconds / RaceOverhead);
            if (observation.EncodeSeconds > 0) _device.ObserveEncode(arm, observation.EncodeSeconds);
            if (observation.OffloadSeconds > 0 && decision.Sequence >= _outstanding) _outstanding = 0;
            if (observation.OffloadSeconds <= 0 || decision.Sequence < _changed) return;
            if (observation.IsCensored)
            {
                _link.ObserveCensored(_bits[arm], observation.OffloadSeconds - _server.Seconds(arm));
                return;
            }

            var bits = Math.Max(observation.BytesSent * 8.0, 1);
            _bits[arm] += 0.2 * (bits - _bits[arm]);
            var change = _server.Observe(arm, Math.Max(observation.ServerSeconds, 1e-7));
            var linkChange = _link.Observe(bits, Math.Max(observation.OffloadSeconds - observation.ServerSeconds, 1e-9));
            if (change == Change.Jump || linkChange == Change.Jump)
            {
                _changed = decision.Sequence;
                _alone = Math.Max(_alone, _options.ForcedInterval - 1);
            }
        }
    }

    public void ObserveRoundTrip(double seconds)
    {
        lock (_lock)
        {
            if (_link.ObserveRoundTrip(seconds) == Change.Jump) _changed = _sequence;
        }
    }

    private double Remote(int arm) => _link.Mean(_bits[arm]) + _server.Seconds(arm);

    private double Covariance(int arm, int other)
    {
        var covariance = _device.Covariance(arm, other);
        return arm == _arms.OnDevice || other == _arms.OnDevice
            ? covariance
            : covariance + _link.Covariance(_bits[arm], _bits[other]) + _server.Covariance(arm, other);
    }

    // What trying an arm may well cost; racing it bounds that.
    private double Worst(int arm, double variance)
    {
        var worst = _means[arm] + Math.Sqrt(variance);
        return _arms.AllowsOnDevice ? Math.Min(worst, RaceOverhead * _means[_arms.OnDevice]) : worst;
    }

    private double Bound(int arm, int best, double bestVariance, double optimism)
    {
        var remote = Remote(arm);
        var (own, shared) = (Covariance(arm, arm), Covariance(arm, best));
        var noise = _link.RequestNoise.Variance;
        if (Worst(arm, own) > 4 * _means[best]) return double.PositiveInfinity;
        var byTrying = (own - shared) * (own - shared) / (own + (noise * remote * remote));
        var byStaying = (shared - bestVariance) * (shared - bestVariance) / (bestVariance + (noise * _means[best] * _means[best]));
        var deviation = optimism * Math.Sqrt(Math.Max(0, byTrying - byStaying));
        return _means[arm] - remote + (remote * Math.Exp(-deviation / remote));
    }

    // The cheapest arm that would tell of a faster link, where the best one does not and another would then be better; or -1.
    private int Blind(int best, double part)
    {
        if (_link.Tells(_bits[best], part)) return -1;
        var (probe, lowest, hoped) = (-1, double.PositiveInfinity, double.PositiveInfinity);
        foreach (var arm in _arms.Remote)
        {
            hoped = Math.Min(hoped, _means[arm] - ((1 - part) * _link.SecondsPerBit * _bits[arm]));
            if (_means[arm] < lowest && _link.Tells(_bits[arm], part)) (probe, lowest) = (arm, _means[arm]);
        }

        return hoped < 0.97 * _means[best] ? probe : -1;
    }

    private int SafestRemote()
    {
        ReadOnlySpan<double> bandwidths = [1e6, 4e6, 16e6, 64e6, 256e6];
        Span<double> lowest = stackalloc double[bandwidths.Length];
        var (safest, least) = (_arms.Remote[0], double.PositiveInfinity);
        for (var i = 0; i < bandwidths.Length; i++)
        {
            lowest[i] = double.PositiveInfinity;
            foreach (var arm in _arms.Remote) lowest[i] = Math.Min(lowest[i], Raced(arm, bandwidths[i]));
        }

        foreach (var arm in _arms.Remote)
        {
            var regret = 0.0;
            for (var i = 0; i < bandwidths.Length; i++) regret += Raced(arm, bandwidths[i]) / lowest[i];
            if (regret < least) (safest, least) = (arm, regret);
        }

        return safest;
    }

    private double Raced(int arm, double bandwidth)
    {
        var remote = _device.Mean(arm) + _link.Mean(0) + (_bits[arm] / bandwidth) + _server.Seconds(arm);
        return _arms.AllowsOnDevice ? Math.Min(remote, RaceOverhead * _device.Mean(_arms.OnDevice)) : remote;
    }

    private int BestRemote(double hope)
    {
        var best = _arms.Remote[0];
        var lowest = double.PositiveInfinity;
        foreach (var arm in _arms.Remote)
        {
            var cost = _device.Mean(arm) + (hope * Remote(arm));
            if (cost < lowest) (best, lowest) = (arm, cost);
        }

        return best;
    }

    private Decision Take(int arm, double predicted) => new() { Arm = _arms[arm], PredictedSeconds = predicted, Sequence = _sequence };

    private Decision Explore(int arm)
    {
        _unexplored = 0;
        if (_link.Tells(_bits[arm], Hope)) _alone = 0;
        _outstanding = _sequence;
        return Take(arm, _means[arm]) with { IsForced = true, IsRaced = _arms.AllowsOnDevice };
    }

    private Decision Force(int arm, bool race)
    {
        _alone = 0;
        _outstanding = _sequence;
        return Take(arm, _means[arm]) with { IsForced = true, IsRaced = race && _arms.AllowsOnDevice };
    }
}
