namespace SplitInfer.Policies.Quality;

/// <summary>A curve as a node finds it: seconds and accuracies are corrected by what runs and checks show. Not thread-safe. Allocates nothing once made.</summary>
internal sealed class LearnedCurve
{
    private const double SpeedRate = 0.1;
    private const double ResidualRate = 0.02;
    private const double DeviationRate = 0.05;

    // A run that the operating system held up says little of the next one.
    private const double MostRatio = 4;
    private const double MarginDeviations = 2.5;

    // Checks that count as much as what was measured beforehand, and what is left of one after the next.
    private const double PriorChecks = 200;
    private const double CheckMemory = 0.999;

    private const int ObservationsBetweenHulls = 64;

    // How long nothing has run when times are doubted, s; what is left of them then, and at the least where nothing has ever run.
    private const double DoubtSeconds = 1;
    private const double DoubtFactor = 0.8;
    private const double LeastUnseenSpeed = 1.0 / 32;

    private readonly double[] _residuals;
    private readonly double[] _checks;
    private readonly double[] _shiftSums;
    private readonly double[] _seconds;
    private double _speed = 1;
    private double _deviation;
    private int _unused;
    private bool _hasRun = true;

    // The fastest that runs were ever seen or measured beforehand: what is doubted may be that, and nothing faster.
    private double _fastest = 1;
    private bool _isSeen;
    private bool _isDoubted;
    private double _undoubted;
    private double _doubtedAt = double.NegativeInfinity;

    public LearnedCurve(QualityCurve curve)
    {
        Curve = curve;
        var exits = curve.Exits.Length;
        (_residuals, _checks, _shiftSums, _seconds) = (new double[exits], new double[exits], new double[exits], new double[exits]);
        Array.Fill(_residuals, 1);
        Hulls = new(curve);
        Recompute();
    }

    public QualityCurve Curve { get; }

    public SettingHulls Hulls { get; }

    /// <summary>Seconds of a run as a multiple of those of the curve.</summary>
    public double Slowness => _seconds[^1] / Curve.Exits[^1].Seconds;

    /// <summary>The most that a run from one exit to another is expected to take, s.</summary>
    /// <param name="from">The exit it is at; −1 at the start.</param>
    /// <param name="to">The exit it goes to.</param>
    public double Between(int from, int to) => (_seconds[to] - (from < 0 ? 0 : _seconds[from])) * (1 + (MarginDeviations * _deviation));

    /// <summary>The first exit that is accurate enough; the most accurate one where none is.</summary>
    public int LeastExit(double minQuality)
    {
        var best = 0;
        for (var e = 0; e < _seconds.Length; e++)
        {
            if (AccuracyOf(e) >= minQuality) return e;
            if (AccuracyOf(e) > AccuracyOf(best)) best = e;
        }

        return best;
    }

    /// <summary>Accuracy of an exit as far as checks tell.</summary>
    public double AccuracyOf(int exit) => Math.Clamp(Curve.Exits[exit].Accuracy + ShiftOf(exit), 0, 1);

    /// <summary>Notes what a run took from the exit before to this one.</summary>
    public void Observe(int exit, double seconds)
    {
        var ratio = seconds / (Curve.SegmentSeconds(exit) * _residuals[exit]);
        if (_isDoubted)
        {
            // A doubt is a guess, and this is what is.
            _speed = Math.Clamp(ratio, _speed, Math.Max(_speed, _undoubted));
            _isDoubted = false;
        }

        ratio = Math.Clamp(ratio, _speed / MostRatio, _speed * MostRatio);
        _deviation += DeviationRate * (Math.Abs((ratio / _speed) - 1) - _deviation);
        _speed += SpeedRate * (ratio - _speed);
        _residuals[exit] *= 1 + (ResidualRate * ((ratio / _speed) - 1));
        _fastest = Math.Min(_fastest, _speed);
        (_hasRun, _isSeen) = (true, true);
        Sum();
        if (++_unused >= ObservationsBetweenHulls) Recompute();
    }

    /// <summary>
    /// Notes that a request was refused since it seemed to take too long. Where nothing runs that would tell what it takes, times become shorter, or one slow run would have all refused for ever; but no
    /// shorter than runs ever were, or requests that nobody could answer would talk them down. The next run settles it.
    /// </summary>
    public void Doubt(double now)
    {
        if (now < _doubtedAt + DoubtSeconds) return;
        var isUntold = !_hasRun;
        (_doubtedAt, _hasRun) = (now, false);
        if (!isUntold) return;
        if (!_isDoubted) (_undoubted, _isDoubted) = (_speed, true);
        _speed = Math.Min(_speed, Math.Max(_speed * DoubtFactor, _isSeen ? _fastest : LeastUnseenSpeed));
        _deviation *= DoubtFactor;
        foreach (ref var residual in _residuals.AsSpan()) residual = Math.Min(residual, Math.Max(residual * DoubtFactor, 1));
        Recompute();
    }

    /// <summary>Notes whether an exit's answer was right, or that of the whole model.</summary>
    public void Check(int exit, bool isRight)
    {
        _checks[exit] = (CheckMemory * _checks[exit]) + 1;
        _shiftSums[exit] = (CheckMemory * _shiftSums[exit]) + (isRight ? 1 : 0) - Curve.Exits[exit].Accuracy;
        if (++_unused >= ObservationsBetweenHulls) Recompute();
    }

    private double ShiftOf(int exit) => _shiftSums[exit] / (_checks[exit] + PriorChecks);

    private void Sum()
    {
        var sum = 0.0;
        for (var e = 0; e < _seconds.Length; e++) _seconds[e] = sum += Curve.SegmentSeconds(e) * _residuals[e] * _speed;
    }

    private void Recompute()
    {
        _unused = 0;
        Sum();
        Span<double> segments = stackalloc double[_seconds.Length];
        Span<double> shifts = stackalloc double[_seconds.Length];
        for (var e = 0; e < segments.Length; e++) (segments[e], shifts[e]) = (_seconds[e] - (e > 0 ? _seconds[e - 1] : 0), ShiftOf(e));
        Hulls.Compute(segments, shifts);
    }
}
