using SplitInfer.Policies.Learning;

namespace SplitInfer.Policies.MuLinUcb;

/// <summary>
/// Chooses the arm by which the caller has the most accurate answer at the deadline, in expectation, and what the device does if the server does
/// not answer. Not thread-safe.
/// </summary>
/// <remarks>
/// <code>
/// D         time from the call to the deadline; the arm has what is left of it
/// P         probability that the arm answers in time                                        ResidualModel
/// L_v       what the device takes for variant v at most, but for some probability
/// l(π)      the most accurate local arm that the device can still run by D once the head of π has run
/// E(π)      P·A(π) + (1 − P)·A(l(π)) of a remote arm π; P·A(π) of a local one
/// start     D − L_l, but not before the head of π has run: the latest start that leaves the device its time
/// </code>
/// A remote arm without such an l must answer in time with a probability of 1 − risk; where no arm does, the highest P·A counts. An l that is less
/// accurate than the request asks for counts for nothing, but runs all the same: a poor answer is better than none.
/// </remarks>
internal sealed class DeadlineChoice
{
    /// <summary>What asking a server must add to the expected accuracy.</summary>
    private const double MinGain = 1e-3;

    /// <summary>Probability with which the device takes longer than L.</summary>
    private const double DeviceRisk = 0.005;

    /// <summary>The device is not started where the reply is in time but for this probability, if that saves it at least so many of its runs.</summary>
    private const double HedgeRisk = 0.01, ManyRuns = 0.1;

    private const double Equal = 1e-9;

    private readonly ArmTable _arms;
    private readonly Hedge _hedge;
    private readonly double _risk;
    private readonly int[] _locals;
    private readonly int[][] _remotesOf;
    private readonly double[] _needed;
    private readonly (int Arm, double Left)[] _undominated;

    /// <param name="setup">What the policy starts from.</param>
    /// <param name="arms">Its arms.</param>
    /// <param name="risk">Probability with which an arm may be late where the device has no answer.</param>
    public DeadlineChoice(PolicySetup setup, ArmTable arms, double risk)
    {
        (_arms, _hedge, _risk) = (arms, setup.CanRace ? setup.Hedge : Hedge.Never, risk);
        _locals = [.. Enumerable.Range(arms.Remotes, arms.Count - arms.Remotes).OrderByDescending(local => setup.Arms[local].Accuracy)];
        _remotesOf = [.. Enumerable.Range(0, arms.Servers).Select(server => Enumerable.Range(0, arms.Remotes).Where(arm => arms[arm].Server == server).OrderByDescending(arm => setup.Arms[arm].Accuracy).ToArray())];
        _needed = new double[arms.Count];
        _undominated = new (int, double)[arms.Remotes];
    }

    /// <summary>Whether the device may run beside a server.</summary>
    public bool CanHedge => _hedge != Hedge.Never;

    /// <summary>The best arm, and the best one of each server, at a decision for which <see cref="CostModel.Advance"/> was called.</summary>
    /// <param name="costs">Estimated costs of the arms.</param>
    /// <param name="context">What is known of the request.</param>
    /// <param name="bestOf">By server: its best arm; −1 where it has none that may be taken or has not answered yet.</param>
    public DeadlineOption Choose(CostModel costs, in DecisionContext context, Span<DeadlineOption> bestOf)
    {
        var remaining = context.RemainingSeconds ?? double.PositiveInfinity;
        var whole = remaining + context.UplinkSeconds;
        Prepare(costs);
        var best = BestLocal(costs, whole);
        var isLocal = true;
        for (var server = 0; server < _arms.Servers; server++)
        {
            bestOf[server] = DeadlineOption.None;
            if (!costs.Servers[server].Link.IsKnown || _arms.RemoteOf(server).Length == 0) continue;
            costs.Residuals.Advance(server, costs.Servers[server].Link.Delay);
            var option = bestOf[server] = BestOf(costs, server, remaining, whole);
            var isBetter = best.Arm < 0 || (isLocal && !double.IsPositiveInfinity(remaining) ? IsWorthAsking(option, best) : IsBetter(costs, option, best));
            if (isBetter) (best, isLocal) = (option, false);
        }

        // A device that is not accurate enough is still better than nothing.
        return best.Arm >= 0 ? best : LocalOption(costs, FittingLocal(0, whole, startsAfter: 0) is >= 0 and var local ? local : _arms.OnDevice, whole);
    }

    /// <summary>What is expected of a remote arm, whatever it is.</summary>
    public DeadlineOption Of(CostModel costs, int arm, in DecisionContext context)
    {
        var remaining = context.RemainingSeconds ?? double.PositiveInfinity;
        Prepare(costs);
        return RemoteOption(costs, arm, costs.Residuals.InTime(costs, arm, remaining), isAlone: false, remaining, remaining + context.UplinkSeconds);
    }

    /// <summary>The arm that stands in for a remote one, and the seconds from the call after which it starts; null where it does not.</summary>
    public double? StartOf(CostModel costs, in DeadlineOption option, in DecisionContext context)
    {
        if (option.Local < 0 || context.RemainingSeconds is not { } remaining) return null;
        if (_hedge == Hedge.Always) return 0;
        var uplink = context.UplinkSeconds;
        var head = uplink > 0 ? 0 : costs.Device.Head(option.Arm);
        var start = Math.Max(remaining + uplink - Rest(option.Arm, option.Local, head), head);
        var isNearlySure = option.InTime >= 1 - HedgeRisk && start > uplink;
        return isNearlySure && costs.Residuals.InTime(costs, option.Arm, start - uplink) < 1 - ManyRuns ? null : start;
    }

    // What each variant may take on the device, beside sending.
    private void Prepare(CostModel costs)
    {
        var factor = RaceModel.Overhead * costs.Residuals.DeviceFactor(DeviceRisk);
        foreach (var local in _locals) _needed[local] = factor * costs.Mean(local);
    }

    private DeadlineOption BestLocal(CostModel costs, double whole)
    {
        var best = DeadlineOption.None;
        if (!_arms.AllowsDevice) return best;
        foreach (var local in _locals)
        {
            if (!_arms.IsAccurate(local)) break;
            var option = LocalOption(costs, local, whole);
            if (best.Arm < 0 || IsBetter(costs, option, best)) best = option;
        }

        return best;
    }

    private DeadlineOption LocalOption(CostModel costs, int local, double whole)
    {
        var mean = costs.Mean(local);
        var inTime = mean > 0 ? costs.Residuals.DeviceInTime(whole / mean) : 1;
        return new(local, inTime, inTime * Worth(local), Local: -1, IsSure: inTime >= 1 - _risk);
    }

    private DeadlineOption BestOf(CostModel costs, int server, double remaining, double whole)
    {
        var view = costs.Residuals.ViewOf(costs, server);
        var count = Undominated(costs, server, view, remaining < double.PositiveInfinity ? remaining : 0);

        // What stands in for any arm is no more accurate than what stands in for one without a head.
        var standIn = CanHedge ? FittingLocal(_arms.OnDevice, whole, startsAfter: 0) : -1;
        var worth = standIn < 0 ? 0 : Worth(standIn);
        var (best, most) = (DeadlineOption.None, count == 0 ? 0 : _arms.Accuracies[_undominated[0].Arm]);

        // From the soonest and least accurate to the latest and most accurate; none of those that follow is likelier to be in time.
        for (var i = count - 1; i >= 0; i--)
        {
            var (arm, left) = _undominated[i];
            var inTime = view.InTime(remaining, costs.Mean(arm), left);
            var mayBeSure = standIn >= 0 || inTime >= 1 - _risk;
            if ((best.IsSure || (best.Arm >= 0 && !mayBeSure)) && (inTime * most) + ((1 - inTime) * worth) < best.Expected - Equal) break;
            var option = RemoteOption(costs, arm, inTime, standIn < 0, remaining, whole);
            if (best.Arm < 0 || IsBetter(costs, option, best)) best = option;
        }

        return best;
    }

    // The arms of a server than which none is both as accurate and sooner: by falling accuracy, each sooner than the one before.
    private int Undominated(CostModel costs, int server, in ResidualView view, double remaining)
    {
        var (count, most) = (0, double.NegativeInfinity);
        var accuracies = _arms.Accuracies;
        var least = _arms.LeastAccuracy;
        foreach (var arm in _remotesOf[server])
        {
            if (accuracies[arm] < least) break;
            if (!_arms.MayBeTaken(arm)) continue;
            var left = view.Left(remaining, costs.Mean(arm), costs.Bits(arm));
            if (left <= most) continue;
            _undominated[count++] = (arm, left);
            most = left;
        }

        return count;
    }

    private DeadlineOption RemoteOption(CostModel costs, int arm, double inTime, bool isAlone, double remaining, double whole)
    {
        var local = CanHedge && !isAlone ? FittingLocal(arm, whole, remaining < whole ? 0 : costs.Device.Head(arm)) : -1;
        var expected = (inTime * _arms.Accuracies[arm]) + (local < 0 ? 0 : (1 - inTime) * Worth(local));
        return new(arm, inTime, expected, local, IsSure: local >= 0 || inTime >= 1 - _risk);
    }

    // The most accurate local arm that the device can run in time; −1 where there is none.
    private int FittingLocal(int arm, double whole, double startsAfter)
    {
        foreach (var local in _locals)
            if (startsAfter + Rest(arm, local, startsAfter) <= whole) return local;
        return -1;
    }

    // What a local arm may take once a head has run; the head of its own variant is a part of it.
    private double Rest(int arm, int local, double head) => _arms[arm].Variant == _arms[local].Variant ? Math.Max(0, _needed[local] - head) : _needed[local];

    private double Worth(int local) => _arms.IsAccurate(local) ? _arms.Accuracies[local] : 0;

    private static bool IsWorthAsking(in DeadlineOption remote, in DeadlineOption local) =>
        remote.IsSure == local.IsSure ? remote.Expected > local.Expected + MinGain : remote.IsSure;

    private static bool IsBetter(CostModel costs, in DeadlineOption option, in DeadlineOption than)
    {
        if (option.IsSure != than.IsSure) return option.IsSure;
        var gain = option.Expected - than.Expected;
        return gain > Equal || (gain >= -Equal && costs.Mean(option.Arm) < costs.Mean(than.Arm));
    }
}

/// <summary>An arm as it looks under a deadline.</summary>
/// <param name="Arm">Its place; −1 for none.</param>
/// <param name="InTime">Probability that it answers in time.</param>
/// <param name="Expected">Expected accuracy of what the caller has at the deadline.</param>
/// <param name="Local">The arm that the device can run instead; −1 for none.</param>
/// <param name="IsSure">Whether there is an answer at the deadline nearly always.</param>
internal readonly record struct DeadlineOption(int Arm, double InTime, double Expected, int Local, bool IsSure)
{
    /// <summary>No arm.</summary>
    public static DeadlineOption None => new(-1, 0, 0, -1, IsSure: false);
}
