namespace SplitInfer.Policies.Quality;

/// <summary>
/// Decides at one node how far each request runs: to the exit of the highest weighted accuracy less price, as far as it and those that wait behind it are in
/// time. Thread-safe. Allocates nothing for a request. Times are seconds of one clock of the caller's that never goes back.
/// </summary>
/// <remarks>
/// After Dystri (Hou, Guan and Han, ICPP 2023), as far as its abstract tells; the prices and the rule of slack are this project's. A scheduler calls
/// <see cref="Arrive"/> when a request comes, <see cref="Choose"/> when it begins to run, <see cref="GoesOn"/> and <see cref="Observe"/> after each exit,
/// and <see cref="Finish"/> at the end. It serves requests by their deadlines.
/// </remarks>
public sealed class QualityController
{
    private readonly Lock _lock = new();
    private readonly QualityControllerOptions _options;
    private readonly Random _chance;
    private readonly uint _node;
    private readonly List<LearnedCurve> _curves = [];
    private readonly NodePrice _price;
    private readonly LoadMeter _meter;
    private readonly UserShares _users;
    private readonly ArrivalForecast _forecast;
    private readonly SafetyMargin _safety;
    private double _least;
    private double _highest;
    private uint _reports;

    /// <summary>Makes the controller of a node.</summary>
    /// <param name="node">The node, in reports and prices.</param>
    /// <param name="chance">What decides between two settings; used under this controller's lock alone.</param>
    /// <param name="now">The time.</param>
    /// <param name="options">Its knobs; null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    public QualityController(uint node, Random chance, double now, QualityControllerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(chance);
        _options = options ?? new();
        _options.Validate();
        (_node, _chance, _price, _meter, _users, _forecast, _safety) = (node, chance, new(_options), new(now), new(_options.LeastUserShare), new(now), new(_options));
    }

    /// <summary>What a second of the node costs, in accuracy of a request of weight 1. Clients may add it to the cost of this node.</summary>
    public double Price { get { lock (_lock) return _price.Value; } }

    /// <summary>Adds a model; its curve gets the next id, beginning with 0, which is to be the same at the coordinator.</summary>
    public int Add(QualityCurve curve)
    {
        lock (_lock)
        {
            if (_curves.Count >= ushort.MaxValue) throw new InvalidOperationException($"A node has at most {ushort.MaxValue} models with exits; share a curve among models that are alike.");
            _curves.Add(new(curve));
            Widen(curve);
            return _curves.Count - 1;
        }
    }

    /// <summary>Puts a model in the place of another one, of which no request is left, under its id.</summary>
    public void Replace(int id, QualityCurve curve)
    {
        lock (_lock)
        {
            _curves[id] = new(curve);
            _meter.Forget(id);
            Widen(curve);
        }
    }

    /// <summary>Counts a request that comes, whether it is served or not.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A need is out of range.</exception>
    public void Arrive(int curve, in QualityNeeds needs, double now)
    {
        needs.Validate();
        lock (_lock)
        {
            var learned = _curves[curve];
            var least = learned.LeastExit(needs.MinQuality);
            var depth = least;
            for (var e = least + 1; e < learned.Curve.Exits.Length && (needs.Deadline is null || learned.Between(-1, e) <= needs.Deadline.Value.TotalSeconds); e++) depth = e;
            _meter.Arrive(curve, depth, needs.Weight, learned.Between(-1, depth), now);
            var deadline = needs.Deadline?.TotalSeconds ?? double.PositiveInfinity;
            _forecast.Arrive(deadline, learned.Between(-1, least), now);
            _safety.Arrive(deadline, learned.Between(-1, least), now);
            MovePrice(now);
        }
    }

    /// <summary>What a request takes at least, s: a run to the first exit that may answer it.</summary>
    public double LeastSeconds(int curve, in QualityNeeds needs)
    {
        lock (_lock) return _curves[curve].Between(-1, _curves[curve].LeastExit(needs.MinQuality));
    }

    /// <summary>The most that a run from one exit to another is expected to take, by what runs have taken so far, s.</summary>
    /// <param name="curve">The model's curve.</param>
    /// <param name="from">Index of the exit that it is at; −1 at the start.</param>
    /// <param name="to">Index of the exit that it goes to.</param>
    public double SecondsBetween(int curve, int from, int to)
    {
        lock (_lock) return _curves[curve].Between(from, to);
    }

    /// <summary>Decides how far a request runs that begins now.</summary>
    /// <param name="curve">The model's curve.</param>
    /// <param name="needs">What it needs.</param>
    /// <param name="dueAt">When its answer is due.</param>
    /// <param name="queue">What waits behind it.</param>
    /// <param name="now">The time.</param>
    public QualityChoice Choose(int curve, in QualityNeeds needs, double dueAt, in QueueView queue, double now)
    {
        lock (_lock)
        {
            MovePrice(now);
            var learned = _curves[curve];
            var least = learned.LeastExit(needs.MinQuality);
            var shortAt = now + learned.Between(-1, least);
            if (shortAt > dueAt) return new() { Curve = curve, IsLate = true, LeastExit = least, Depth = least, DueAt = dueAt };
            var depth = least;
            while (depth + 1 < learned.Curve.Exits.Length && Fits(learned, -1, depth + 1, dueAt, queue, shortAt, now)) depth++;
            var price = _price.Value * (1 + (_options.PriceSpread * ((2 * _chance.NextDouble()) - 1)));
            var setting = learned.Hulls.Choose(depth, price / (needs.Weight * _users.Boost(needs.User, needs.Weight)));
            return new() { Curve = curve, LeastExit = least, Depth = Math.Max(least, learned.Curve.Settings[setting].Depth), Setting = setting, Weight = needs.Weight, DueAt = dueAt };
        }
    }

    /// <summary>Whether a request goes on after an exit, or is answered by it; at an exit before <see cref="QualityChoice.LeastExit"/> it is refused instead.</summary>
    /// <param name="choice">What was decided for it.</param>
    /// <param name="exit">Index of the exit that it is at.</param>
    /// <param name="confidence">How sure the exit's answer is, 0 to 1; NaN where its head did not run.</param>
    /// <param name="queue">What waits behind it.</param>
    /// <param name="now">The time.</param>
    public bool GoesOn(in QualityChoice choice, int exit, double confidence, in QueueView queue, double now)
    {
        if (exit >= choice.Depth) return false;
        lock (_lock)
        {
            var learned = _curves[choice.Curve];
            // An exit that may not answer it is passed, if only the next one is in time.
            if (exit < choice.LeastExit) return now + learned.Between(exit, choice.LeastExit) <= choice.DueAt;
            var thresholds = learned.Curve.Settings[choice.Setting].Thresholds;
            if (exit < thresholds.Length && confidence >= thresholds[exit]) return false;
            if (!Fits(learned, exit, exit + 1, choice.DueAt, queue, now, now)) return false;
            // Of what this exit gets wrong, a deeper one rights a part; of an answer that is unsure, more of it is wrong.
            var (accuracy, best) = (learned.AccuracyOf(exit), 0.0);
            for (var e = exit + 1; e <= choice.Depth; e++) best = Math.Max(best, learned.AccuracyOf(e));
            var gain = choice.Weight * (double.IsNaN(confidence) ? 1 - accuracy : 1 - confidence) * (best - accuracy) / Math.Max(1 - accuracy, 1e-9);
            return !_forecast.IsTight(queue, _options.SlackRequests, 0, learned.Between(exit, exit + 1), gain, learned.AccuracyOf(0), _safety.Deviations, now);
        }
    }

    /// <summary>Notes what a run took from the exit before to this one, s.</summary>
    public void Observe(int curve, int exit, double seconds)
    {
        if (!(seconds > 0) || !double.IsFinite(seconds)) return;
        lock (_lock)
        {
            _meter.Run(seconds);
            _curves[curve].Observe(exit, seconds);
        }
    }

    /// <summary>Notes whether an exit's answer was that of the whole model, as a check in the background shows.</summary>
    public void Check(int curve, int exit, bool isRight)
    {
        lock (_lock) _curves[curve].Check(exit, isRight);
    }

    /// <summary>Notes that a request was refused at once, since not even the first exit that may answer it seemed to be in time. Where nothing runs for a while, what runs take is doubted.</summary>
    public void Doubt(int curve, double now)
    {
        lock (_lock) _curves[curve].Doubt(now);
    }

    /// <summary>Notes how a request ended.</summary>
    /// <param name="choice">What was decided for it.</param>
    /// <param name="needs">What it needed.</param>
    /// <param name="exit">Index of the exit that answered it; −1 where it was refused.</param>
    /// <param name="now">The time.</param>
    public void Finish(in QualityChoice choice, in QualityNeeds needs, int exit, double now)
    {
        var isLate = exit < 0 || now > choice.DueAt;
        lock (_lock)
        {
            _users.Note(needs.User, needs.Weight, isLate ? 0 : _curves[choice.Curve].AccuracyOf(exit));
            if (double.IsFinite(choice.DueAt)) _safety.Finish(isLate, now);
        }
    }

    /// <summary>What came since the last report, for the coordinator; about once a second, whether it can be sent or not: where none is heard of, the price moves then as well.</summary>
    public LoadReport Report(double now)
    {
        lock (_lock)
        {
            // No request has done so lately.
            if (_price.IsOverdue(now)) MovePrice(now);
            var (weighted, sum) = (0.0, 0.0);
            foreach (var learned in _curves) (weighted, sum) = (weighted + learned.Slowness, sum + 1);
            return _meter.Report(_node, ++_reports, now, _options.Lanes, sum > 0 ? weighted / sum : 1);
        }
    }

    /// <summary>Takes the coordinator's price, if it is for this node.</summary>
    public void Receive(in PriceMessage message, double now)
    {
        if (message.Node != _node) return;
        lock (_lock) _price.Receive(message.Sequence, message.Price, now);
    }

    private void Widen(QualityCurve curve)
    {
        var (least, highest) = curve.Hulls.Slopes();
        // Weights and slow nodes move what a price means; hulls of corrected curves are near these.
        if (highest > 0) (_least, _highest) = (_highest > 0 ? Math.Min(_least, least / 8) : least / 8, Math.Max(_highest, highest * 8));
    }

    private bool Fits(LearnedCurve learned, int from, int to, double dueAt, in QueueView queue, double shortAt, double now)
    {
        var at = now + learned.Between(from, to);
        return at <= dueAt && !SlackRule.Harms(queue, _options.SlackRequests, shortAt, at);
    }

    private void MovePrice(double now)
    {
        if (_price.IsDue(now)) _price.Move(now, _meter.Offered(now, _price.Value, _options.PriceSpread, _curves) / _options.Lanes, _least, _highest);
    }
}
