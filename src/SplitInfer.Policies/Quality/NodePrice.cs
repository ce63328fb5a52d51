namespace SplitInfer.Policies.Quality;

/// <summary>What a second of a node costs: as the coordinator says, and moved by the node itself while nothing is heard of one. Not thread-safe.</summary>
internal sealed class NodePrice(QualityControllerOptions options)
{
    // Often enough to follow a burst, seldom enough to cost nothing.
    private const double StepSeconds = 0.1;

    // What is longer than that had nothing come in it.
    private const double LongestStep = 1;

    private double _validUntil = double.NegativeInfinity;
    private double _movedAt = double.NegativeInfinity;
    private uint _sequence;
    private bool _hasHeard;

    /// <summary>Accuracy of a request of weight 1 for a second.</summary>
    public double Value { get; private set; }

    /// <summary>Takes what the coordinator says. One that was overtaken on the way is left out.</summary>
    public void Receive(uint sequence, double value, double now)
    {
        // A coordinator that was restarted counts from the beginning.
        if (_hasHeard && now < _validUntil && unchecked((int)(sequence - _sequence)) <= 0) return;
        (_hasHeard, _sequence, Value) = (true, sequence, value);
        _validUntil = now + options.PriceLifetime.TotalSeconds;
    }

    /// <summary>Whether it is time to move the price without a coordinator.</summary>
    public bool IsDue(double now) => now >= _validUntil && now >= _movedAt + StepSeconds;

    /// <summary>Whether it has been time for so long that nothing can have come.</summary>
    public bool IsOverdue(double now) => now >= Math.Max(_movedAt, _validUntil) + LongestStep;

    /// <summary>Moves the price towards the one at which the node is as busy as it should be.</summary>
    /// <param name="now">The time.</param>
    /// <param name="utilization">How busy requests as they come now would keep the node at this price; above 1 where it could not keep up.</param>
    /// <param name="least">Below this the price changes nothing for a request of weight 1; there it is 0, so that it changes nothing for others either.</param>
    /// <param name="highest">Nor above this.</param>
    public void Move(double now, double utilization, double least, double highest)
    {
        var since = Math.Max(_movedAt, _validUntil);
        var seconds = double.IsFinite(since) ? now - since : StepSeconds;
        var quiet = Math.Max(0, seconds - LongestStep);
        _movedAt = now;
        if (highest <= 0)
        {
            Value = 0;
            return;
        }

        // A factor never leaves 0, so that the price moves from the least on.
        var moved = Math.Clamp(Value, least, highest) * Math.Exp(options.PriceRate * (((seconds - quiet) * (utilization - options.TargetUtilization)) - (quiet * options.TargetUtilization)));
        Value = moved <= least ? 0 : Math.Min(moved, highest);
    }
}
