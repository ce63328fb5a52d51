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
/// L_v       what the device takes for variant v at most, but for some probability                LocalAnswers
/// l(π)      the most accurate local arm that the device can still run by D once the head of π has run
/// q         probability that the exit of the arm answers; P of a remote arm is that of a request that it does not answer
/// E(π)      P·A(π) + (1 − P)·A(l(π)) of a remote arm π without an exit; q·P(head) + P·(A(π) − q) + (1 − P)·(A(l(π)) − q) with one, none of them below 0; (q·P(head) + (1 − q)·P(whole))·A(π) of a local one
/// start     D − L_l, but not before the head of π has run: the latest start that leaves the device its time
/// </code>
/// A remote arm without such an l should answer in time with a probability of 1 − risk: one that does is taken unless it expects less accuracy by more than the risk. An l that is less
/// accurate than the request asks for counts for nothing, but runs all the same: a poor answer is better than none. Where the caller puts up with a
/// request without an answer now and then, l does not start beside an arm that is that likely to be in time. What is had is P·A(π) then; arms are chosen by E with l all the same.
/// Of arms of which the same accuracy is expected, the one is taken that costs least, what it costs others included: time is no end here, so that nobody gives accuracy for it.
/// What an exit answers is easy for any other model: an l that is less accurate than π loses that on what the exit leaves, so that (1 − P)·A(l) stands for all inputs, with
/// an exit or without.
/// </remarks>
internal sealed class DeadlineChoice
{
    /// <summary>What asking a server must add to the expected accuracy.</summary>
    private const double MinGain = 1e-3;

    /// <summary>The device is not started where a reply may be late only with the probability that is allowed, if that saves it at least so many of its runs.</summary>
    private const double ManyRuns = 0.1;

    private const double Equal = 1e-9;

    /// <summary>By how many standard deviations what the device has not run yet may be faster than believed, so that it is tried: nothing else would show that.</summary>
    private const double Optimism = 1;

    private readonly ArmTable _arms;
    private readonly Hedge _hedge;
    private readonly double _lateRisk;
    private readonly double _hedgeRisk;
    private readonly LocalAnswers _locals;
    private readonly int[][] _remotesOf;
    private readonly (int Arm, double Left)[] _undominated;

    /// <param name="setup">What the policy starts from.</param>
    /// <param name="arms">Its arms.</param>
    /// <param name="options">What it may risk.</param>
    public DeadlineChoice(PolicySetup setup, ArmTable arms, MuLinUcbOptions options)
    {
        (_arms, _hedge, _locals) = (arms, setup.CanRace ? setup.Hedge : Hedge.Never, new(setup, arms));
        (_lateRisk, _hedgeRisk) = (options.LateRisk, options.HedgeRisk);
        _remotesOf = [.. Enumerable.Range(0, arms.Servers).Select(server => Enumerable.Range(0, arms.Remotes).Where(arm => arms[arm].Server == server).OrderByDescending(arm => setup.Arms[arm].Accuracy).ToArray())];
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
        _locals.Advance(costs);
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
        return best.Arm >= 0 ? best : LocalOption(costs, _locals.Fitting(0, whole, head: 0) is >= 0 and var local ? local : _arms.OnDevice, whole);
    }

    /// <summary>What is expected of a remote arm that is not chosen for that, or of another one of its server beside which the device can answer where it cannot beside this one.</summary>
    public DeadlineOption Of(CostModel costs, int arm, in DecisionContext context)
    {
        var remaining = context.RemainingSeconds ?? double.PositiveInfinity;
        var whole = remaining + context.UplinkSeconds;
        _locals.Advance(costs);
        if (CanHedge && Fitting(costs, arm, remaining, whole) < 0)
        {
            var fastest = -1;
            foreach (var other in _arms.RemoteOf(_arms[arm].Server))
                if ((fastest < 0 || costs.Mean(other) < costs.Mean(fastest)) && Fitting(costs, other, remaining, whole) >= 0) fastest = other;
            if (fastest >= 0) arm = fastest;
        }

        return RemoteOption(costs, arm, costs.Residuals.InTime(costs, arm, remaining), isAlone: false, remaining, whole);
    }

    /// <summary>Whether no server can add anything that matters to what the device alone promises.</summary>
    public bool IsDeviceBest(CostModel costs, in DecisionContext context) => DeviceAlone(costs, context) >= _arms.MostAccurate - MinGain;

    /// <summary>The arm of a server that is likeliest to bring an accurate answer in time, by what is believed of a server that has not answered yet.</summary>
    public int Likeliest(CostModel costs, int server, in DecisionContext context)
    {
        var (likeliest, most) = (-1, double.NegativeInfinity);
        foreach (var arm in _arms.ExploredOf(server))
        {
            var expected = costs.Exits.Stay(arm) < 1 ? 0 : costs.Residuals.InTime(costs, arm, context.RemainingSeconds ?? double.PositiveInfinity) * _arms.Accuracies[arm];
            if (expected > most) (likeliest, most) = (arm, expected);
        }

        return likeliest;
    }

    /// <summary>Accuracy that is expected of the device alone; 0 where it cannot answer by the deadline, or not as accurately as is asked for.</summary>
    public double DeviceAlone(CostModel costs, in DecisionContext context) => BestLocal(costs, (context.RemainingSeconds ?? double.PositiveInfinity) + context.UplinkSeconds).Expected;

    /// <summary>What is done with an option: when the device starts its local arm, s from the call, and what is expected then.</summary>
    /// <param name="costs">Estimated costs of the arms.</param>
    /// <param name="option">The option.</param>
    /// <param name="context">What is known of the request.</param>
    /// <param name="isForced">Whether the arm is taken in order to learn, so that what is believed of it is not relied on.</param>
    /// <returns>No start where the device does not run beside the server.</returns>
    public (double? Start, double Expected) Hedged(CostModel costs, in DeadlineOption option, in DecisionContext context, bool isForced)
    {
        if (option.Local < 0 || context.RemainingSeconds is not { } remaining) return (null, option.Expected);
        if (_hedge == Hedge.Always) return (0, option.Expected);
        var uplink = context.UplinkSeconds;
        var head = uplink > 0 ? 0 : costs.Device.Head(option.Arm);
        var start = Math.Max(remaining + uplink - _locals.Rest(option.Arm, option.Local, head), head);
        var mayBeLate = !isForced && _hedgeRisk > 0 && option.InTime >= 1 - _hedgeRisk && start > uplink;
        return mayBeLate && costs.Residuals.InTime(costs, option.Arm, start - uplink) < 1 - ManyRuns
            ? (null, option.InTime * _arms.Accuracies[option.Arm])
            : (start, option.Expected);
    }

    private DeadlineOption BestLocal(CostModel costs, double whole)
    {
        var best = DeadlineOption.None;
        if (!_arms.AllowsDevice) return best;
        foreach (var local in _locals.ByAccuracy)
        {
            if (!_arms.IsAccurate(local)) break;
            if (!_arms.IsOffered(local)) continue;
            var option = LocalOption(costs, local, whole);
            if (best.Arm < 0 || IsBetter(costs, option, best)) best = option;
        }

        return best;
    }

    private DeadlineOption LocalOption(CostModel costs, int local, double whole)
    {
        var inTime = LocalInTime(costs, local, whole, faster: 0);
        return new(local, inTime, LocalInTime(costs, local, whole, Optimism) * _locals.Worth(local), Local: -1, IsSure: inTime >= 1 - _lateRisk);
    }

    private double LocalInTime(CostModel costs, int local, double whole, double faster)
    {
        var inTime = DeviceInTime(costs, costs.Unanswered(local) - (faster * Deviation(costs, _arms.WholeOf(local))), whole);
        return costs.Exits.Stay(local) is < 1 and > 0 and var stay ? ((1 - stay) * DeviceInTime(costs, costs.Ahead(local) - (faster * Deviation(costs, local)), whole)) + (stay * inTime) : inTime;
    }

    private static double Deviation(CostModel costs, int local) => Math.Sqrt(costs.Device.Covariance(local, local));

    private static double DeviceInTime(CostModel costs, double mean, double seconds) => mean > 0 ? costs.Residuals.DeviceInTime(seconds / mean) : 1;

    private DeadlineOption BestOf(CostModel costs, int server, double remaining, double whole)
    {
        var view = costs.Residuals.ViewOf(costs, server);
        var count = Undominated(costs, server, view, remaining < double.PositiveInfinity ? remaining : 0);

        // What stands in for any arm is no more accurate than what stands in for one without a head.
        var standIn = CanHedge ? _locals.Fitting(_arms.OnDevice, whole, head: 0) : -1;
        var worth = standIn < 0 ? 0 : _locals.Worth(standIn);
        var (best, most) = (DeadlineOption.None, count == 0 ? 0 : _arms.Accuracies[_undominated[0].Arm]);

        // From the soonest and least accurate to the latest and most accurate; none of those that follow is likelier to be in time.
        for (var i = count - 1; i >= 0; i--)
        {
            var (arm, left) = _undominated[i];
            var inTime = view.InTime(remaining, costs.Unanswered(arm), left);
            var mayBeSure = standIn >= 0 || inTime >= 1 - _lateRisk;
            if ((best.IsSure || (best.Arm >= 0 && !mayBeSure)) && (inTime * most) + ((1 - inTime) * worth) < best.Expected - Equal) break;
            var option = RemoteOption(costs, arm, inTime, standIn < 0, remaining, whole);
            if (best.Arm < 0 || IsBetter(costs, option, best)) best = option;
        }

        return WithExits(costs, server, view, standIn, worth, remaining, whole) is { Arm: >= 0 } early && (best.Arm < 0 || IsBetter(costs, early, best)) ? early : best;
    }

    // Where the device has no good answer at the deadline, an exit is worth the more for those inputs that it answers.
    private DeadlineOption WithExits(CostModel costs, int server, in ResidualView view, int standIn, double worth, double remaining, double whole)
    {
        var best = DeadlineOption.None;
        if (!costs.Exits.IsLearned) return best;
        foreach (var arm in _remotesOf[server])
        {
            if (_arms.Accuracies[arm] < _arms.LeastAccuracy) break;
            if (!_arms.MayBeTaken(arm) || (1 - costs.Exits.Stay(arm)) * _arms.Accuracies[arm] <= worth) continue;
            var mean = costs.Unanswered(arm);
            var option = RemoteOption(costs, arm, view.InTime(remaining, mean, view.Left(remaining < double.PositiveInfinity ? remaining : 0, mean, costs.Bits(arm))), standIn < 0, remaining, whole);
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
            var left = view.Left(remaining, costs.Unanswered(arm), costs.Bits(arm));
            if (left <= most) continue;
            _undominated[count++] = (arm, left);
            most = left;
        }

        return count;
    }

    private DeadlineOption RemoteOption(CostModel costs, int arm, double inTime, bool isAlone, double remaining, double whole)
    {
        var local = isAlone || !CanHedge ? -1 : Fitting(costs, arm, remaining, whole);
        var floor = local < 0 ? 0 : _locals.Worth(local);
        if (costs.Exits.Stay(arm) is < 1 and var stay)
        {
            // What the exit answers is right, and the rest of what is right is among what it leaves.
            var (rate, early) = (1 - stay, (1 - stay) * DeviceInTime(costs, costs.Ahead(arm), whole));
            var ofTheRest = (inTime * Math.Max(0, _arms.Accuracies[arm] - rate)) + ((1 - inTime) * Math.Max(0, floor - rate));
            var inAll = early + (stay * inTime);
            return new(arm, inAll, early + ofTheRest, local, IsSure: inAll + (local < 0 ? 0 : stay * (1 - inTime)) >= 1 - _lateRisk);
        }

        var expected = (inTime * _arms.Accuracies[arm]) + (local < 0 ? 0 : (1 - inTime) * floor);
        return new(arm, inTime, expected, local, IsSure: local >= 0 || inTime >= 1 - _lateRisk);
    }

    // A server that chooses is sent the input, so that no head has run on the device.
    private int Fitting(CostModel costs, int arm, double remaining, double whole) => _locals.Fitting(arm, whole, remaining < whole ? 0 : costs.Device.Head(arm));

    private bool IsWorthAsking(in DeadlineOption remote, in DeadlineOption local) =>
        remote.IsSure == local.IsSure ? remote.Expected > local.Expected + MinGain : IsSurelyBetter(remote, local);

    // To be sure of an answer is worth some accuracy, but not a poor answer.
    private bool IsSurelyBetter(in DeadlineOption option, in DeadlineOption than) => option.IsSure ? option.Expected >= than.Expected - _lateRisk : option.Expected > than.Expected + _lateRisk;

    private bool IsBetter(CostModel costs, in DeadlineOption option, in DeadlineOption than)
    {
        if (option.IsSure != than.IsSure) return IsSurelyBetter(option, than);
        var gain = option.Expected - than.Expected;
        return gain > Equal || (gain >= -Equal && costs.Priced(option.Arm) < costs.Priced(than.Arm));
    }
}
