using SplitInfer.Policies.Learning;

namespace SplitInfer.Policies;

/// <summary>
/// What μLinUCB, LinUCB and ε-greedy have in common: one θ for all arms of a server, learned from whole offload delays, and
/// head delays as profiled. What runs on the device alone teaches nothing. Not thread-safe.
/// </summary>
internal sealed class LinearBandit
{
    private readonly ArmFeatures _features;
    private readonly HeadProfile _heads;
    private readonly RidgeRegression[] _regressions;

    public LinearBandit(PolicySetup setup, bool scaled, double prior)
    {
        (Arms, _heads, _features) = (new(setup), setup.Heads, new(setup.Arms, scaled));
        _regressions = [.. Enumerable.Range(0, Arms.Servers).Select(_ => new RidgeRegression(_features.Dimension, prior))];
    }

    /// <summary>The arms.</summary>
    public ArmTable Arms { get; }

    /// <summary>d.</summary>
    public int Dimension => _features.Dimension;

    /// <summary>The largest ‖x‖² among the arms.</summary>
    public double MaxSquaredNorm => _features.MaxSquaredNorm;

    /// <summary>The arm of the lowest score head + xᵀθ − width·√(xᵀA⁻¹x), the first of equals, with the delay that it is expected to have.</summary>
    /// <param name="width">Standard deviations of optimism.</param>
    /// <param name="withOnDevice">Whether running everything on the device may be chosen.</param>
    public (int Arm, double PredictedSeconds) Best(double width, bool withOnDevice)
    {
        var heads = _heads.Current.Seconds;
        var (best, lowest, predicted) = (Arms.OnDevice, double.PositiveInfinity, double.NaN);
        for (var server = 0; server < _regressions.Length; server++)
        {
            var regression = _regressions[server];
            foreach (var arm in Arms.RemoteOf(server))
            {
                var x = _features.Of(arm);
                var mean = heads[Arms.Rows.Profile[arm]] + regression.Predict(x);
                var score = mean - (width > 0 ? width * Math.Sqrt(regression.Variance(x)) : 0);
                if (score < lowest) (best, lowest, predicted) = (arm, score, mean);
            }
        }

        var whole = heads[Arms.Rows.Profile[Arms.OnDevice]];
        return (withOnDevice && Arms.AllowsDevice && whole < lowest) || best == Arms.OnDevice ? (Arms.OnDevice, whole) : (best, predicted);
    }

    /// <summary>The delay that an arm is expected to have, s.</summary>
    public double Predict(int arm) =>
        _heads.Current.Seconds[Arms.Rows.Profile[arm]] + (Arms[arm].IsOnDevice ? 0 : _regressions[Arms[arm].Server].Predict(_features.Of(arm)));

    /// <summary>Learns from a request, unless it ran on the device alone or brought no reply.</summary>
    public void Observe(in Outcome outcome)
    {
        var arm = outcome.Decision.Arm.Index;
        if (!Arms[arm].IsOnDevice && outcome.OffloadSeconds > 0 && !outcome.IsCensored && outcome.IsPlausible)
            _regressions[Arms[arm].Server].Update(_features.Of(arm), outcome.OffloadSeconds);
    }
}
