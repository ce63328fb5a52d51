namespace SplitInfer.Policies.Baselines;

/// <summary>
/// MDInference's selection of a model under a deadline, as published: the most accurate of those whose mean time and spread fit into a budget that
/// takes the way back to be what the way in was. The device runs its own model beside every request.
/// </summary>
/// <remarks>
/// <code>
/// T_in      way to the server, known where the server chooses; on the device half of the last round trip stands for it
/// budget    deadline − (T_in + T_in)
/// μ, σ      mean and standard deviation of the last 100 runs of a model; before the first, what is described and 0
/// M_E       models with μ + γσ &lt; budget, γ = 1; where there are none, the one of least μ
/// choice    the most accurate of M_E, the first of equals
/// </code>
/// Nothing guards the way back, whose spread is far above σ. Only whole models on a server are chosen among.
/// </remarks>
internal sealed class MdInferencePaperPolicy : IPartitionPolicy
{
    private readonly Lock _lock = new();
    private readonly ArmTable _arms;
    private readonly double _gamma;
    private readonly RunWindow[] _runs;
    private readonly double[] _roundTrips;
    private long _sequence;

    public MdInferencePaperPolicy(PolicySetup setup, MdInferencePaperOptions options)
    {
        (_arms, _gamma) = (new(setup), options.Gamma);
        _roundTrips = new double[_arms.Servers];
        _runs = [.. setup.Arms.Select(static arm => new RunWindow(arm.TailSeconds))];
    }

    public string Name => PolicyNames.MdInferencePaper;

    public Decision Decide(in DecisionContext context)
    {
        lock (_lock)
        {
            // The published rule knows neither a least accuracy nor the state of servers; what cannot be asked is left out all the same.
            _arms.Refresh(context with { RemainingSeconds = null, MinAccuracy = 0 });
            var remaining = context.RemainingSeconds ?? double.PositiveInfinity;
            var (chosen, fastest) = (-1, -1);
            foreach (var arm in _arms.Remote)
            {
                if (_arms[arm].Cut != 0) continue;
                if (fastest < 0 || _runs[arm].Mean < _runs[fastest].Mean) fastest = arm;
                var budget = remaining - (context.UplinkSeconds > 0 ? context.UplinkSeconds : _roundTrips[_arms[arm].Server]);
                if (_runs[arm].Mean + (_gamma * _runs[arm].Deviation) < budget && (chosen < 0 || _arms.Accuracies[arm] > _arms.Accuracies[chosen])) chosen = arm;
            }

            var taken = chosen >= 0 ? chosen : fastest >= 0 ? fastest : _arms.OnDevice;
            var uplink = context.UplinkSeconds > 0 ? context.UplinkSeconds : _arms[taken].IsOnDevice ? 0 : _roundTrips[_arms[taken].Server] / 2;
            var isHedged = fastest >= 0 && _arms.CanRace;
            return new()
            {
                Arm = _arms[taken],
                IsRaced = isHedged,
                Local = isHedged ? _arms[_arms.OnDevice] : null,
                HedgeAfterSeconds = isHedged ? 0 : null,
                PredictedSeconds = (2 * uplink) + _runs[taken].Mean,
                Sequence = ++_sequence,
            };
        }
    }

    public void Observe(in Outcome outcome)
    {
        var seconds = outcome.ServerSeconds - outcome.QueueSeconds;
        if (outcome.Decision.Arm.IsOnDevice || outcome.IsCensored || seconds <= 0 || !outcome.IsPlausible) return;
        lock (_lock) _runs[outcome.Decision.Arm.Index].Add(seconds);
    }

    public void ObserveRoundTrip(int server, double seconds)
    {
        if (!(seconds > 0 && seconds <= Outcome.MaxSeconds)) return;
        lock (_lock)
        {
            // A server that has no arms may be pinged all the same.
            if (server < _roundTrips.Length) _roundTrips[server] = seconds;
        }
    }

    /// <summary>μ and σ of one model.</summary>
    private sealed class RunWindow(double described)
    {
        private const int Capacity = 100;

        private readonly double[] _seconds = new double[Capacity];
        private long _added;

        public double Mean { get; private set; } = described;

        public double Deviation { get; private set; }

        public void Add(double seconds)
        {
            _seconds[_added++ % Capacity] = seconds;
            var runs = _seconds.AsSpan(0, (int)Math.Min(_added, Capacity));
            var (sum, squares) = (0.0, 0.0);
            foreach (var run in runs) sum += run;
            Mean = sum / runs.Length;
            foreach (var run in runs) squares += (run - Mean) * (run - Mean);
            Deviation = Math.Sqrt(squares / runs.Length);
        }
    }
}

/// <summary>The knobs of <see cref="MdInferencePaperPolicy"/>.</summary>
internal sealed class MdInferencePaperOptions
{
    /// <summary>γ: how many standard deviations of its run must fit beside a model's mean. At least 0; 1 by default, as published.</summary>
    public double Gamma { get; init; } = 1;

    public static MdInferencePaperOptions From(PolicyOptions options) => new() { Gamma = options.Number("gamma", 1, min: 0) };
}
