namespace SplitInfer.Policies.Streams;

/// <summary>
/// Makes a plan: rates by the programme, the window and latencies by a rehearsal. Where the rates are not kept, because a route would be too late with
/// the window that keeps them or because routes are in each other's way, the programme is solved without one of them as well, and what keeps the highest rate is taken. Not thread-safe.
/// </summary>
internal sealed class RoutePlanning
{
    /// <summary>A window keeps a rate if it loses no more than this part of it.</summary>
    private const double Kept = 0.985;

    /// <summary>Frames in flight beyond what a rehearsal without chance needs, so that stages whose times scatter are not idle: as a part, and at least.</summary>
    private const double SlackPart = 1;
    private const int LeastSlack = 2;

    private const int LeastWindow = 2;

    /// <summary>What a larger window has to gain, as a part.</summary>
    private const double LeastGain = 0.005;

    /// <summary>Parts of all frames that could be taken: the programme of nearly all that makes them the least late does without routes that occupy a stage for long.</summary>
    private static ReadOnlySpan<double> Parts => [0.995, 0.98];

    /// <summary>The part of the latency that is planned for at most where less is too little.</summary>
    private const double LastResort = 0.92;

    /// <summary>How many programmes are tried.</summary>
    private const int MaxAttempts = 5;

    /// <summary>A route of a smaller share than this gains less than the programme says: it is taken so rarely that stages are idle or blocked around it.</summary>
    private const double RareShare = 0.02;

    private readonly RouteProgramme _programme;
    private readonly Rehearsal _rehearsal;
    private readonly RoutePlan _attempt;
    private readonly bool[] _isLeftOut;
    private readonly double[] _places;
    private bool _isLate;
    private bool _isAttemptLate;

    public RoutePlanning(int servers, int maxRoutes)
    {
        var used = (2 * servers) + 2;
        (_programme, _rehearsal, _attempt) = (new(servers, maxRoutes), new(servers, used), new(used));
        (_isLeftOut, _places, MaxUsed) = (new bool[maxRoutes], new double[servers], used);
        Array.Fill(_places, 1);
    }

    /// <summary>The most routes of a plan.</summary>
    public int MaxUsed { get; }

    /// <summary>Frames a second if no stage were ever idle, at the last plan.</summary>
    public double MostFramesPerSecond { get; private set; }

    /// <summary>Whether the last plan is of all frames that can be taken, rather than of those that come.</summary>
    public bool IsSaturated { get; private set; }

    /// <summary>Sets how many frames a server runs at a time.</summary>
    public void SetPlaces(int server, int count)
    {
        _places[server] = count;
        _rehearsal.SetPlaces(server, count);
    }

    /// <summary>How many frames less the stream has for one that takes a route.</summary>
    public double Loss(in RouteCost route) => _programme.Loss(route);

    /// <summary>Makes a plan.</summary>
    /// <param name="routes">What may be taken, at least one.</param>
    /// <param name="arriving">Frames that come in a second; infinity for as many as possible.</param>
    /// <param name="utilization">The part of each stage that is used at most where fewer come than could be taken.</param>
    /// <param name="limit">The longest that a frame may take, s.</param>
    /// <param name="longest">The longest that one is planned to take with all waits, s.</param>
    /// <param name="plan">Where the plan is written.</param>
    public void Make(ReadOnlySpan<RouteCost> routes, double arriving, double utilization, double limit, double longest, RoutePlan plan)
    {
        LeaveOutLate(routes, limit);
        _programme.Solve(routes, _isLeftOut.AsSpan(0, routes.Length), _places, 1, double.PositiveInfinity);
        MostFramesPerSecond = _programme.FramesPerSecond;
        IsSaturated = arriving > utilization * MostFramesPerSecond;
        Search(routes, arriving, utilization, limit, longest, plan);

        // Where nothing is as early as is planned for, what is a little later is better than hardly any frames.
        if (_isLate && longest < LastResort * limit) Search(routes, arriving, utilization, limit, LastResort * limit, plan);

        // Prices are those of as many frames as possible over all routes that are not too late by themselves.
        LeaveOutLate(routes, limit);
        _programme.Solve(routes, _isLeftOut.AsSpan(0, routes.Length), _places, 1, double.PositiveInfinity);
    }

    private void Search(ReadOnlySpan<RouteCost> routes, double arriving, double utilization, double limit, double longest, RoutePlan plan)
    {
        plan.Clear();
        foreach (var part in Parts)
        {
            LeaveOutLate(routes, limit);
            if (Try(routes, IsSaturated ? part : utilization, arriving, longest, plan) || !IsSaturated) break;
        }
    }

    // Solves for so many of all frames, without routes that turn out to be in the way. True where the rates are kept.
    private bool Try(ReadOnlySpan<RouteCost> routes, double part, double arriving, double longest, RoutePlan plan)
    {
        var leftOut = _isLeftOut.AsSpan(0, routes.Length);
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            if (IsSaturated) _programme.Solve(routes, leftOut, _places, 1, part * MostFramesPerSecond);
            else _programme.Solve(routes, leftOut, _places, part, arriving);
            if (attempt == 0 && LeaveOutRare(routes)) continue;
            _attempt.Take(routes, _programme.Rates, RareShare * _programme.FramesPerSecond);
            if (_attempt.Routes.IsEmpty) return false;
            var worst = FindWindow(longest, IsSaturated ? double.PositiveInfinity : arriving, _attempt);
            if (plan.Routes.IsEmpty || _attempt.FramesPerSecond > plan.FramesPerSecond)
            {
                plan.CopyFrom(_attempt);
                _isLate = _isAttemptLate;
            }

            if (worst < 0) return true;
            LeaveOut(routes, _attempt.Routes[worst].Arm);
        }

        return false;
    }

    // The window that keeps the rates or, if frames would be too late, the largest one with which they are not.
    // Says which route is in the way of the others, if the rates are not kept: where frames are late the one that blocks a stage the longest, else the rarest; otherwise −1.
    private int FindWindow(double longest, double arriving, RoutePlan plan)
    {
        var goal = IsSaturated ? MostFramesPerSecond : plan.FramesPerSecond;
        var (window, best, isFull) = (LeastWindow, 0.0, false);
        for (var tried = Math.Clamp((int)Math.Ceiling(plan.Latency * plan.FramesPerSecond), LeastWindow, Rehearsal.MaxWindow); tried <= Rehearsal.MaxWindow && !isFull; tried += Math.Max(1, tried / 3))
        {
            var rate = _rehearsal.Play(plan.Routes, plan.Shares, tried, arriving);
            if (_rehearsal.Longest > longest)
            {
                if (best == 0) window = FindShorter(tried, longest, arriving, plan);
                break;
            }

            if (rate > best * (1 + LeastGain)) (window, best) = (tried, rate);
            isFull = rate >= Kept * goal;
        }

        if (isFull && plan.UsesLinks) window = AddSlack(window, longest, arriving, plan);
        var kept = _rehearsal.Play(plan.Routes, plan.Shares, window, arriving);
        _isAttemptLate = _rehearsal.Longest > longest;

        // One that would be late even so is no plan, unless there is nothing else.
        plan.Set(window, _isAttemptLate ? 1e-9 / _rehearsal.Longest : Math.Min(kept, goal), _rehearsal.Latencies);
        return _isAttemptLate ? plan.Longest : kept < Kept * goal ? plan.Rarest : -1;
    }

    private int FindShorter(int window, double longest, double arriving, RoutePlan plan)
    {
        for (window--; window > LeastWindow; window--)
        {
            _rehearsal.Play(plan.Routes, plan.Shares, window, arriving);
            if (_rehearsal.Longest <= longest) break;
        }

        return Math.Max(window, LeastWindow);
    }

    private int AddSlack(int window, double longest, double arriving, RoutePlan plan)
    {
        var more = Math.Min(Rehearsal.MaxWindow, window + Math.Max(LeastSlack, (int)Math.Ceiling(SlackPart * window)));
        for (; more > window; more--)
        {
            _rehearsal.Play(plan.Routes, plan.Shares, more, arriving);
            if (_rehearsal.Longest <= longest) break;
        }

        return more;
    }

    // Where every route is too late, the one that is the least late stays.
    private void LeaveOutLate(ReadOnlySpan<RouteCost> routes, double limit)
    {
        var (least, any) = (0, false);
        for (var route = 0; route < routes.Length; route++)
        {
            _isLeftOut[route] = routes[route].Latency > limit;
            any |= !_isLeftOut[route];
            if (routes[route].Latency < routes[least].Latency) least = route;
        }

        if (!any) _isLeftOut[least] = false;
    }

    private bool LeaveOutRare(ReadOnlySpan<RouteCost> routes)
    {
        var any = false;
        for (var route = 0; route < routes.Length; route++)
            if (_programme.Rates[route] is > 0 and var rate && rate < RareShare * _programme.FramesPerSecond) any = _isLeftOut[route] = true;
        return any;
    }

    private void LeaveOut(ReadOnlySpan<RouteCost> routes, int arm)
    {
        for (var route = 0; route < routes.Length; route++)
            if (routes[route].Arm == arm) _isLeftOut[route] = true;
    }
}
