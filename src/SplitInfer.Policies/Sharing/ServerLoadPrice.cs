namespace SplitInfer.Policies.Sharing;

/// <summary>
/// The price of a server's time at the moment, for the <c>Load.price</c> of its replies: the seconds that all other requests together wait longer for each second for
/// which a request occupies one of the server's places. 0 where requests never wait. Thread-safe; allocates for a client that was not seen lately only.
/// </summary>
/// <remarks>
/// A client that adds price × (seconds that its tail runs) to what an arm costs counts what it costs others, so that what is best for it is best for all together: the marginal
/// externality of a queue (Naor, Econometrica 1969; Mendelson, Communications of the ACM 1985).
/// <code>
/// λ, m, m₂   requests a second, mean of their run times and of the squares, over the last seconds
/// ρ          λ·m/c of c places
/// w, e       wait and elasticity                                                        CongestionCurve
/// W(ρ)       m·w(ρ)·(1 + (m₂ − m²)/m²)/2, if requests came at random                     (Pollaczek and Khinchine; Lee and Longton for c > 1)
/// κ          sum of what requests really waited over the sum of W(ρ), over the last minute
/// ρ'         the load at which requests that came at random would wait that long:        w(ρ') = κ·w(ρ)
/// price      κ·W(ρ)/m·e(ρ')
/// </code>
/// κ is 0 for a client that is alone and sends one request at a time, so that it never waits and has no price to pay; below 1 for a few clients, none of whom waits for
/// itself, and for frames that come at regular times; above 1 for bursts.
///
/// Where clients take turns, one that sends more than its part makes mostly itself wait, and others neither for that nor because of it. So a client's own price counts what others take only as far as
/// turns let them: the price to a user as if nobody took more than that user does (serial cost sharing; Moulin and Shenker, Econometrica 1992; Shenker, IEEE/ACM Transactions on Networking 1995), or
/// more than is anybody's part.
/// <code>
/// ρi         load of client i, of n
/// L          part: the level at which Σ min(ρi, L) is <see cref="SharedLoad"/>, but at least 1/n
/// ρ(m)       Σ min(ρi, max(L, ρm)), in place of ρ in W and price for client m
/// κ(m)       κ where ρ(m) is ρ, or nearly so; else at most 1, since what waits are then beyond that is of those that send too much
/// </code>
/// </remarks>
public sealed class ServerLoadPrice
{
    /// <summary>No price is higher.</summary>
    public const double MaxPrice = 1000;

    /// <summary>How long requests count for load and run times, and for κ, s.</summary>
    private const double Memory = 8, ShapeMemory = 60;

    private const double LeastSeconds = 1e-9, MaxSeconds = 86_400;

    /// <summary>A server is busy for at most this part of the time to a client who takes no more than its part, whatever others take.</summary>
    private const double SharedLoad = 0.6;

    /// <summary>ρ(m) is nearly ρ from this part of it on.</summary>
    private const double NearlyAll = 0.95;

    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly int _places;
    private readonly CongestionCurve _curve;
    private DiscountedSum _count = new(Memory), _run = new(Memory), _squares = new(Memory);
    private DiscountedSum _waited = new(ShapeMemory), _expected = new(ShapeMemory);
    private readonly ClientRuns _runsOf = new(Memory);

    /// <summary>Makes the price of a server that has had no request yet.</summary>
    /// <param name="places">How many requests it runs at a time, at least 1.</param>
    /// <param name="time">Its clock; null for that of the system.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no place.</exception>
    public ServerLoadPrice(int places, TimeProvider? time = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(places, 1);
        (_places, _curve, _time) = (places, new(places), time ?? TimeProvider.System);
        _start = _time.GetTimestamp();
    }

    /// <summary>The price, from 0 to <see cref="MaxPrice"/>; without a unit. It falls while no requests come.</summary>
    public double Price
    {
        get
        {
            lock (_gate) return PriceAt(Now, LoadAt(Now), double.PositiveInfinity);
        }
    }

    /// <summary>
    /// The price for one client of a server whose clients take turns, from 0 to <see cref="MaxPrice"/>: what its own requests cost others, as far as turns let them, and itself. It is <see cref="Price"/> for those
    /// who send most, and less for others where one sends more than its part. Finding it takes time in proportion to the clients, of which the 256 that took most lately are told apart.
    /// </summary>
    /// <param name="client">The name of the client, as in <see cref="Observe(double, double, string)"/>.</param>
    public double PriceFor(string client)
    {
        ArgumentNullException.ThrowIfNull(client);
        lock (_gate)
        {
            var (now, load) = (Now, LoadAt(Now));
            if (load <= SharedLoad) return PriceAt(now, load, double.PositiveInfinity);
            var scale = load / Math.Max(_run.At(now), LeastSeconds);
            var counted = load - (scale * _runsOf.Beyond(client, SharedLoad / scale, 1 / scale, now));
            return PriceAt(now, counted, counted < NearlyAll * load ? 1 : double.PositiveInfinity);
        }
    }

    /// <summary>The part of the time for which a place runs something, 0 to 1.</summary>
    public double Load
    {
        get
        {
            lock (_gate) return Math.Min(LoadAt(Now), 1);
        }
    }

    private double Now => _time.GetElapsedTime(_start).TotalSeconds;

    /// <summary>Counts a request that has left its place. One that was refused, or that waited in vain, occupied none. Values that cannot be times are left out.</summary>
    /// <param name="waitedSeconds">How long it waited for a place, s.</param>
    /// <param name="runSeconds">How long it occupied it, s.</param>
    public void Observe(double waitedSeconds, double runSeconds) => Observe(waitedSeconds, runSeconds, "");

    /// <summary>Counts a request that has left its place. One that was refused, or that waited in vain, occupied none. Values that cannot be times are left out.</summary>
    /// <param name="waitedSeconds">How long it waited for a place, s.</param>
    /// <param name="runSeconds">How long it occupied it, s.</param>
    /// <param name="client">Whose it was: those of one name take turns together. Empty where nobody is told apart.</param>
    public void Observe(double waitedSeconds, double runSeconds, string client)
    {
        ArgumentNullException.ThrowIfNull(client);
        if (!(waitedSeconds >= 0 && waitedSeconds <= MaxSeconds && runSeconds >= 0 && runSeconds <= MaxSeconds)) return;
        lock (_gate)
        {
            var now = Now;
            _count.Add(1, now);
            _run.Add(Math.Max(runSeconds, LeastSeconds), now);
            _runsOf.Add(client, Math.Max(runSeconds, LeastSeconds), now);
            _squares.Add(Math.Max(runSeconds * runSeconds, LeastSeconds * LeastSeconds), now);
            _waited.Add(waitedSeconds, now);
            _expected.Add(_run.At(now) / _count.At(now) * Variability(now) * _curve.Wait(LoadAt(now)), now);
        }
    }

    private double PriceAt(double now, double load, double mostShape)
    {
        var expected = _expected.At(now);
        if (!(expected > 0) || !(_waited.At(now) > 0)) return 0;
        var wait = Math.Min(_waited.At(now) / expected, mostShape) * _curve.Wait(load);
        return Math.Min(Variability(now) * wait * _curve.Elasticity(_curve.LoadOfWait(wait)), MaxPrice);
    }

    // The first second of a server's life counts as a whole one, or a single request would look like many.
    private double LoadAt(double now) => _run.At(now) / (_places * Memory * (1 - Math.Exp(-Math.Max(now, 1) / Memory)));

    // (1 + CV²)/2.
    private double Variability(double now)
    {
        var (count, run) = (_count.At(now), _run.At(now));
        return run > 0 ? _squares.At(now) * count / (2 * run * run) : 0.5;
    }
}
