namespace SplitInfer.Policies.Quality;

/// <summary>
/// How many standard deviations of what may come are kept free for it: each request that is late increases it and each in time takes a little off, so that
/// the share of late ones tends to the target, where that can be reached. Not thread-safe.
/// </summary>
internal sealed class SafetyMargin(QualityControllerOptions options)
{
    private const double First = 3;
    private const double Most = 5;
    private const double Step = 0.5;

    private double _backlog;
    private double _deadline;
    private double _at = double.NegativeInfinity;

    public double Deviations { get; private set; } = First;

    /// <summary>Counts a request that comes, in a node that would run all to their shallowest exits.</summary>
    public void Arrive(double deadline, double leastSeconds, double now)
    {
        if (!double.IsFinite(deadline)) return;
        _deadline = _deadline <= 0 ? deadline : _deadline + (0.01 * (deadline - _deadline));
        _backlog = Math.Min(_deadline, Math.Max(0, _backlog - Math.Max(0, now - _at)) + (leastSeconds / options.Lanes));
        _at = now;
    }

    /// <summary>Notes how a request with a deadline ended.</summary>
    public void Finish(bool isLate, double now)
    {
        // More came than even that node could have run: nothing to learn.
        if (isLate && _backlog - (now - _at) > _deadline / 2) return;
        Deviations = Math.Clamp(Deviations + (isLate ? Step : -Step * options.MissTarget), 0, Most);
    }
}
