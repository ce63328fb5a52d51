using SplitInfer.Policies.Learning;

namespace SplitInfer.Policies.MuLinUcb;

/// <summary>The arms that the device runs alone, and what it can still answer by a deadline. Not thread-safe.</summary>
internal sealed class LocalAnswers
{
    /// <summary>Probability with which the device takes longer than it is given.</summary>
    private const double DeviceRisk = 0.005;

    private readonly ArmTable _arms;
    private readonly int[] _byAccuracy;
    private readonly double[] _needed;

    /// <param name="setup">What the policy starts from.</param>
    /// <param name="arms">Its arms.</param>
    public LocalAnswers(PolicySetup setup, ArmTable arms)
    {
        _arms = arms;
        _byAccuracy = [.. Enumerable.Range(arms.Remotes, arms.Count - arms.Remotes).OrderByDescending(local => setup.Arms[local].Accuracy)];
        _needed = new double[arms.Count];
    }

    /// <summary>The arms, by falling accuracy.</summary>
    public ReadOnlySpan<int> ByAccuracy => _byAccuracy;

    /// <summary>Works out what each takes at most, beside sending: an exit need not answer unless it is forced to. Called at each decision.</summary>
    public void Advance(CostModel costs)
    {
        var factor = RaceModel.Overhead * costs.Residuals.DeviceFactor(DeviceRisk);
        foreach (var local in _byAccuracy) _needed[local] = factor * costs.Unanswered(local);
    }

    /// <summary>The most accurate that the device can run within a time; −1 where there is none.</summary>
    /// <param name="arm">The arm beside which it runs.</param>
    /// <param name="seconds">The time, s from the call.</param>
    /// <param name="head">When the head of <paramref name="arm"/> has run on the device, s from the call; 0 where it has not run there.</param>
    public int Fitting(int arm, double seconds, double head)
    {
        foreach (var local in _byAccuracy)
            if (_arms.IsOffered(local) && IsReached(arm, local, head) && head + Rest(arm, local, head) <= seconds) return local;
        return -1;
    }

    // What has run its head has left behind the exits on it.
    private bool IsReached(int arm, int local, double head) => head <= 0 || _arms[arm].Variant != _arms[local].Variant || _arms.CanGoOn(arm, local);

    /// <summary>What one takes at most once a head has run, which is a part of it where it is of the same variant, s.</summary>
    public double Rest(int arm, int local, double head) => _arms[arm].Variant == _arms[local].Variant ? Math.Max(0, _needed[local] - head) : _needed[local];

    /// <summary>What its answer counts for; nothing where the request asks for more accuracy.</summary>
    public double Worth(int local) => _arms.IsAccurate(local) ? _arms.Accuracies[local] : 0;
}
