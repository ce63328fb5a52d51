namespace SplitInfer.Policies.Learning;

/// <summary>
/// How often exits answer: an estimate for each exit of each variant, shared by all arms that have it, whatever their server. Not thread-safe.
/// </summary>
/// <remarks>
/// <code>
/// a, b   weights of the requests that the exit answered, and of those that it left to the rest of the model
/// γ      what is left of both with each further request that evaluates the exit
/// q      a/(a + b): probability that the exit answers the next one             Beta(a, b), at first by what is described
/// </code>
/// What is described to answer never or always is certain, and nothing is learned of it.
/// </remarks>
internal sealed class ExitModel
{
    /// <summary>How many requests the description counts for.</summary>
    private const double PriorWeight = 30;

    /// <summary>Requests over which the rate is averaged: what inputs are like changes.</summary>
    private const double Memory = 300;

    /// <summary>Least weight of either outcome, so that what was never seen stays possible.</summary>
    private const double LeastWeight = 1e-3;

    private const int Certain = -1;

    private readonly int[] _rowOf;
    private readonly double[] _answered;
    private readonly double[] _left;
    private readonly double[] _stays;
    private readonly double[] _seconds;
    private readonly int[] _seen;

    /// <param name="setup">What the policy starts from.</param>
    public ExitModel(PolicySetup setup)
    {
        var arms = setup.Arms;
        (_rowOf, _stays) = (new int[arms.Length], new double[arms.Length]);
        _seconds = [.. arms.Select(static arm => arm.ExitSeconds)];
        var rows = new Dictionary<(int Variant, int Exit), int>();
        var rates = new List<double>();
        for (var arm = 0; arm < arms.Length; arm++)
        {
            var rate = arms[arm].ExitRate;
            (_rowOf[arm], _stays[arm]) = (Certain, 1 - rate);
            if (rate is not (> 0 and < 1)) continue;
            var key = (arms[arm].Arm.Variant, arms[arm].Arm.Exit);
            if (!rows.TryGetValue(key, out var row))
            {
                rows[key] = row = rows.Count;
                rates.Add(rate);
            }

            _rowOf[arm] = row;
        }

        (_answered, _left) = ([.. rates.Select(static rate => PriorWeight * rate)], [.. rates.Select(static rate => PriorWeight * (1 - rate))]);
        _seen = new int[rates.Count];
        Publish();
    }

    /// <summary>Whether anything is learned.</summary>
    public bool IsLearned => _answered.Length > 0;

    /// <summary>Probability that an arm's exit leaves a request to the rest of the model; 1 where the arm has none.</summary>
    public double Stay(int arm) => _stays[arm];

    /// <summary>Seconds that evaluating an arm's exit takes, as described.</summary>
    public double Seconds(int arm) => _seconds[arm];

    /// <summary>Variance of the rate of an arm's exit; 0 where it is certain.</summary>
    public double Variance(int arm)
    {
        if (_rowOf[arm] is not (>= 0 and var row)) return 0;
        var weight = _answered[row] + _left[row];
        return _answered[row] * _left[row] / (weight * weight * (weight + 1));
    }

    /// <summary>Whether two arms have the same exit, so that what one shows of it holds for the other.</summary>
    public bool AreSame(int arm, int other) => _rowOf[arm] >= 0 && _rowOf[arm] == _rowOf[other];

    /// <summary>How often an arm's exit was evaluated in this run.</summary>
    public int Seen(int arm) => _rowOf[arm] is >= 0 and var row ? _seen[row] : 0;

    /// <summary>Others found an arm's exit to answer so often; that counts in place of what is described.</summary>
    public void Suppose(int arm, double rate)
    {
        if (_rowOf[arm] is not (>= 0 and var row)) return;
        (_answered[row], _left[row]) = (Math.Max(PriorWeight * rate, LeastWeight), Math.Max(PriorWeight * (1 - rate), LeastWeight));
        Publish(row);
    }

    /// <summary>An arm's exit was evaluated.</summary>
    /// <param name="arm">The arm.</param>
    /// <param name="hasAnswered">Whether it answered.</param>
    public void Observe(int arm, bool hasAnswered) => Observe(arm, hasAnswered ? 1 : 0, weight: 1);

    /// <summary>
    /// The exit of what stands in for an arm was evaluated, on an input that the arm's own exit, where it has one, did not answer. That says something of such inputs only: of the others as many are
    /// answered as was believed.
    /// </summary>
    /// <param name="local">The arm that stood in.</param>
    /// <param name="arm">The arm that it stood in for.</param>
    /// <param name="hasAnswered">Whether its exit answered.</param>
    public void ObserveStandIn(int local, int arm, bool hasAnswered)
    {
        var (own, other) = (1 - _stays[arm], 1 - _stays[local]);
        Observe(local, Math.Min(own, other) + (hasAnswered ? 1 - own : 0), weight: 1 - own);
    }

    /// <summary>Writes both weights of each exit; nothing where nothing is learned.</summary>
    public void Save(PolicyStateWriter state)
    {
        state.Write(_answered);
        state.Write(_left);
    }

    /// <summary>Restores the weights of an earlier run.</summary>
    public void Restore(PolicyStateReader state)
    {
        state.Read(_answered, LeastWeight, Memory + PriorWeight);
        state.Read(_left, LeastWeight, Memory + PriorWeight);
        Publish();
    }

    private void Observe(int arm, double answered, double weight)
    {
        if (_rowOf[arm] is not (>= 0 and var row)) return;
        var kept = 1 - (weight / Memory);
        if (_seen[row] < int.MaxValue) _seen[row]++;
        _answered[row] = Math.Max((kept * _answered[row]) + (weight * answered), LeastWeight);
        _left[row] = Math.Max((kept * _left[row]) + (weight * (1 - answered)), LeastWeight);
        Publish(row);
    }

    private void Publish()
    {
        for (var row = 0; row < _answered.Length; row++) Publish(row);
    }

    private void Publish(int row)
    {
        var stay = _left[row] / (_answered[row] + _left[row]);
        for (var arm = 0; arm < _rowOf.Length; arm++)
            if (_rowOf[arm] == row) _stays[arm] = stay;
    }
}
