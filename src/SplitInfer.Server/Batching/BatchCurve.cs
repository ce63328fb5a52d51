namespace SplitInfer.Server.Batching;

/// <summary>
/// What a run takes of one tail by how many requests it has, s: alone as measured, together α + β·b. Measured once and then corrected by what runs take. Not thread-safe.
/// <code>
/// σ         how much longer batches take now than they did when they were measured, as on a machine that has more to do
/// α, β      least squares of (seconds − α − β·b)/seconds over the runs of late, and over what was measured times σ
/// grows     (α + β(b + 1))/(b + 1) &lt; (α + βb)/b·(1 − 2 %); for the first step what one alone takes stands in for α + β
/// </code>
/// </summary>
internal sealed class BatchCurve
{
    /// <summary>What one more request has to save of what each takes.</summary>
    public const double LeastGain = 0.02;

    private const double LastShare = 0.2, Memory = 0.95;

    // All runs of late together count 1. What one alone takes says a little of the line as well, or a single size would leave it open.
    private const double MeasuredWeight = 0.25, AloneWeight = 0.01;

    private readonly Sums _measured;
    private readonly double _alpha, _beta;
    private Sums _late;
    private double _speed = 1, _alone;

    /// <summary>A curve as it was measured.</summary>
    /// <param name="alone">What a request takes alone, s; above 0.</param>
    /// <param name="batches">What batches take by their size, s; at least one, each above 0.</param>
    public BatchCurve(double alone, ReadOnlySpan<(int Size, double Seconds)> batches)
    {
        _alone = alone;
        _measured = default(Sums).With(1, alone, AloneWeight);
        foreach (var (size, seconds) in batches) _measured = _measured.With(size, seconds, MeasuredWeight / batches.Length);
        (_alpha, _beta) = (Alpha, Beta) = _measured.Line();
    }

    /// <summary>What a batch takes whatever its size, s.</summary>
    public double Alpha { get; private set; }

    /// <summary>What it takes more for each request, s.</summary>
    public double Beta { get; private set; }

    /// <summary>What a run of so many requests takes, s.</summary>
    public double Seconds(int count) => count == 1 ? _alone : Alpha + (Beta * count);

    /// <summary>The fewest that are worth a batch; 0 where none are.</summary>
    /// <param name="most">The most that there may be.</param>
    public int Least(int most)
    {
        for (var count = 2; count <= most; count++)
            if (Seconds(count) / count < _alone * (1 - LeastGain)) return count;
        return 0;
    }

    /// <summary>How many a batch takes in while each more lowers the cost of a request; 1 where none are worth it.</summary>
    /// <param name="most">The most that there may be.</param>
    public int Most(int most)
    {
        if (Least(most) is not (> 0 and var count)) return 1;
        while (count < most && Seconds(count + 1) / (count + 1) < Seconds(count) / count * (1 - LeastGain)) count++;
        return count;
    }

    /// <summary>Requests have run.</summary>
    /// <param name="count">How many together.</param>
    /// <param name="seconds">What that took, s.</param>
    public void Observe(int count, double seconds)
    {
        if (!(seconds > 0)) return;
        if (count == 1)
        {
            _alone += LastShare * (seconds - _alone);
            return;
        }

        var speed = _speed + (LastShare * ((seconds / (_alpha + (_beta * count))) - _speed));
        // Nothing runs alone where all run together, and it would take as much longer.
        _alone *= speed / _speed;
        _speed = speed;
        _late = _late.Times(Memory).With(count, seconds, 1 - Memory);
        (Alpha, Beta) = _late.And(_measured.At(_speed)).Line();
    }

    /// <summary>Sums of weighted runs, of which the errors count by what they are of the seconds.</summary>
    private readonly record struct Sums(double N, double X, double Xx, double Y, double Xy)
    {
        public Sums With(int size, double seconds, double weight)
        {
            var w = weight / (seconds * seconds);
            return new(N + w, X + (w * size), Xx + (w * size * size), Y + (w * seconds), Xy + (w * size * seconds));
        }

        public Sums Times(double factor) => new(N * factor, X * factor, Xx * factor, Y * factor, Xy * factor);

        public Sums And(in Sums other) => new(N + other.N, X + other.X, Xx + other.Xx, Y + other.Y, Xy + other.Xy);

        /// <summary>The same runs, had each taken so many times as long.</summary>
        public Sums At(double speed) => new(N / (speed * speed), X / (speed * speed), Xx / (speed * speed), Y / speed, Xy / speed);

        /// <summary>The line through them, neither part of which is below 0.</summary>
        public (double Alpha, double Beta) Line()
        {
            var determinant = (N * Xx) - (X * X);
            if (determinant > 1e-12 * N * Xx)
            {
                var (alpha, beta) = (((Y * Xx) - (X * Xy)) / determinant, ((N * Xy) - (X * Y)) / determinant);
                if (alpha >= 0 && beta >= 0) return (alpha, beta);
                if (beta < 0) return (Y / N, 0);
            }

            return (0, Xy / Xx);
        }
    }
}
