namespace SplitInfer.Policies.Quality;

/// <summary>
/// What will come while a run goes on: rates of requests by the time that they leave, and what they take at least. Tells whether keeping a lane for longer
/// leaves too little time for those that wait and those that are expected. Not thread-safe. Allocates nothing once made.
/// </summary>
/// <remarks>
/// The processor-demand criterion of serving by deadlines (Baruah, Rosier and Howell, 1990), with rates in place of periods: up to a time t from now there
/// is what keeps the lane, what waits and is due by then, and of what comes with a deadline of d all that comes until t − d.
/// </remarks>
internal sealed class ArrivalForecast(double now)
{
    private const int MaxKinds = 8;
    private const double MemorySeconds = 1;

    // Deadlines that are nearly the same are alike.
    private const double AlikeDeadlines = 1.25;

    private readonly Kind[] _kinds = new Kind[MaxKinds];
    private int _count;
    private double _at = now;

    /// <summary>Counts a request that comes.</summary>
    /// <param name="deadline">The time that it leaves, s.</param>
    /// <param name="leastSeconds">What it takes at least.</param>
    /// <param name="now">The time.</param>
    public void Arrive(double deadline, double leastSeconds, double now)
    {
        if (now > _at)
        {
            var left = Math.Exp(-(now - _at) / MemorySeconds);
            for (var i = 0; i < _count; i++) _kinds[i].Rate *= left;
            _at = now;
        }

        if (!double.IsFinite(deadline) || deadline <= 0) return;
        ref var kind = ref Find(deadline, leastSeconds);
        kind.Deadline += 0.05 * (deadline - kind.Deadline);
        kind.LeastSeconds += 0.05 * (leastSeconds - kind.LeastSeconds);
        kind.Rate += 1 / MemorySeconds;
    }

    /// <summary>Whether a lane that is kept for longer leaves too little time.</summary>
    /// <param name="queue">What waits.</param>
    /// <param name="requests">How many of it count.</param>
    /// <param name="shortSeconds">For how long the lane is kept at least, s.</param>
    /// <param name="longSeconds">For how long it would be kept, s.</param>
    /// <param name="gain">What that would gain, in accuracy.</param>
    /// <param name="loss">What an answer that comes too late loses.</param>
    /// <param name="safety">Standard deviations of what is expected to come that are kept free for it.</param>
    /// <param name="now">The time.</param>
    public bool IsTight(in QueueView queue, int requests, double shortSeconds, double longSeconds, double gain, double loss, double safety, double now)
    {
        var lanes = queue.OthersFreeAt.Length + 1;
        var busy = 0.0;
        foreach (var freeAt in queue.OthersFreeAt) busy += Math.Max(0, freeAt - now);
        var next = queue.Next[..Math.Min(requests, queue.Next.Length)];
        var waits = 0.0;
        foreach (var request in next)
        {
            waits += request.LeastSeconds;
            var time = request.DueAt - now;
            if (!double.IsFinite(time)) break;
            var (work, variance) = Coming(time);
            var rest = (lanes * time) - busy - waits - work - (safety * Math.Sqrt(variance));
            if (longSeconds > rest && time > 0) return true;
        }

        var late = 0.0;
        for (var i = 0; i < _count; i++)
        {
            var (deadline, own) = (_kinds[i].Deadline, _kinds[i].LeastSeconds);
            var before = 0.0;
            foreach (var request in next)
            {
                if (request.DueAt - now > deadline) break;
                before += request.LeastSeconds;
            }

            var (work, variance) = Coming(deadline);
            var rest = (lanes * deadline) - busy - before - own - work - (safety * Math.Sqrt(variance + (own * own * _kinds[i].Rate * longSeconds)));
            late += _kinds[i].Rate * (Math.Clamp(longSeconds - rest, 0, longSeconds) - Math.Clamp(shortSeconds - rest, 0, shortSeconds));
        }

        return late * loss > gain;
    }

    // Work that comes and is due within a time, and its variance.
    private (double Seconds, double Variance) Coming(double time)
    {
        var (seconds, variance) = (0.0, 0.0);
        for (var i = 0; i < _count; i++)
        {
            var expected = _kinds[i].Rate * Math.Max(0, time - _kinds[i].Deadline) * _kinds[i].LeastSeconds;
            (seconds, variance) = (seconds + expected, variance + (expected * _kinds[i].LeastSeconds));
        }

        return (seconds, variance);
    }

    private ref Kind Find(double deadline, double leastSeconds)
    {
        var (nearest, distance, rarest) = (0, double.PositiveInfinity, 0);
        for (var i = 0; i < _count; i++)
        {
            var apart = Math.Abs(Math.Log(deadline / _kinds[i].Deadline));
            if (apart < distance) (nearest, distance) = (i, apart);
            if (_kinds[i].Rate < _kinds[rarest].Rate) rarest = i;
        }

        if (distance <= Math.Log(AlikeDeadlines)) return ref _kinds[nearest];
        if (_count < MaxKinds) rarest = _count++;
        else if (_kinds[rarest].Rate > 0.1) return ref _kinds[nearest];
        _kinds[rarest] = new() { Deadline = deadline, LeastSeconds = leastSeconds };
        return ref _kinds[rarest];
    }

    private struct Kind
    {
        public double Deadline;
        public double LeastSeconds;
        public double Rate;
    }
}
