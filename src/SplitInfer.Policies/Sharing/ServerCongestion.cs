namespace SplitInfer.Policies.Sharing;

/// <summary>
/// What a client knows of how busy a server is, from the prices and waits in its replies, and what a request will therefore wait and cost others. Not thread-safe.
/// </summary>
/// <remarks>
/// <code>
/// p      the server's price, smoothed over some seconds
/// v      (1 + CV²)/2 of the server's run times, taken to be <see cref="Variability"/>
/// ρ      load that p/v is of, as a request meets it that does not wait for itself      CongestionCurve
/// s      seconds that a tail occupies a place
/// φ      requests of this client in a second
/// own    load that this client's requests make at the server now
/// r      φ·s/c: the load that they would make
/// ρ'     ρ + max(0, r − own): load with this client, if all its requests took the arm
/// u      wait over w(ρ), learned over many requests, s
/// wait   u·w(ρ')
/// toll   v·p(ρ' − r/2)·s: what it costs others that this client is there, as a mean over its requests
/// </code>
/// A client that is not on a server hears the price without itself, one that is there the price with itself. Both count what the difference is, and so the same: nobody moves only to
/// find that having moved was the difference. Before a price above 0 was heard, wait and toll are 0, and a wait counts as a part of the tail.
/// </remarks>
internal sealed class ServerCongestion
{
    /// <summary>How long a price counts that was heard, s, and the weight of a new one at least: replies to a client that is elsewhere are rare.</summary>
    private const double PriceMemory = 3, LeastGain = 0.3;

    /// <summary>How long this client's own requests count, s.</summary>
    private const double OwnMemory = 5;

    /// <summary>Replies over which the wait is learned, and those that tell when it is another one than that.</summary>
    private const double WaitMemory = 200, RecentMemory = 10;

    /// <summary>Where the price says nothing any more of how long requests wait, recent ones have waited so many times as long as they should, and for such a part of their time on the server.</summary>
    private const double Surprise = 3, LongPart = 0.25;

    private const double LeastWait = 1e-3;

    /// <summary>A server has other places than were thought once as many replies in a row say so.</summary>
    private const int RepliesOfNewPlaces = 10;

    /// <summary>v: between that of tails that all take the same, 0.5, and that of exponential ones, 1.</summary>
    private const double Variability = 0.6;

    private CongestionCurve _curve = new(1);
    private int _places;
    private (int Places, int Replies) _named;
    private double _price;
    private double _heardAt = double.NegativeInfinity;
    private double _waited, _waits, _recentlyWaited, _recentWaits, _recentSeconds;
    private DiscountedSum _own = new(OwnMemory);
    private double _ownLoad;
    private double _load;

    private int Places => Math.Max(_places, 1);

    /// <summary>Whether a price above 0 was ever heard.</summary>
    public bool IsPriced { get; private set; }

    /// <summary>The price as it was heard, smoothed.</summary>
    public double Price => _price;

    /// <summary>Takes note of a reply. What others send may be anything, so the caller has checked that it can be a price and times.</summary>
    /// <param name="price">The server's price.</param>
    /// <param name="places">Its places; 0 where it did not say.</param>
    /// <param name="waitedSeconds">What the request waited, s.</param>
    /// <param name="runSeconds">What else it took on the server, s.</param>
    /// <param name="now">s of this client's clock.</param>
    public void Observe(double price, int places, double waitedSeconds, double runSeconds, double now)
    {
        _own.Add(runSeconds, now);
        Hear(price, places, now);
        if (!IsPriced) return;
        var wait = WaitAt(_load);
        (_waited, _waits) = (_waited + waitedSeconds - (_waited / WaitMemory), _waits + wait - (_waits / WaitMemory));
        (_recentlyWaited, _recentWaits) = (_recentlyWaited + waitedSeconds - (_recentlyWaited / RecentMemory), _recentWaits + wait - (_recentWaits / RecentMemory));
        _recentSeconds += waitedSeconds + runSeconds - (_recentSeconds / RecentMemory);
        // A price may be anything: one that is low though requests wait must not make waits look short for as long as they are learned over.
        if (_recentlyWaited * _waits > Surprise * _waited * _recentWaits && _recentlyWaited > LongPart * _recentSeconds) (_waited, _waits) = (_recentlyWaited, _recentWaits);
    }

    /// <summary>Takes note of a price alone, as a refusal has it.</summary>
    /// <inheritdoc cref="Observe"/>
    public void Hear(double price, int places, double now)
    {
        if (price > 0) IsPriced = true;
        if (!IsPriced) return;
        var gain = Math.Max(1 - Math.Exp(-(now - _heardAt) / PriceMemory), LeastGain);
        (_price, _heardAt) = (_price + (gain * (price - _price)), now);
        HearPlaces(places);
        _load = _curve.LoadOfPrice(_price / Variability);
    }

    /// <summary>Counts a decision.</summary>
    public void Advance(double now)
    {
        if (IsPriced) _ownLoad = _own.At(now) / (OwnMemory * Places);
    }

    /// <summary>What a request waits, and what it costs others, s.</summary>
    /// <param name="tailSeconds">s.</param>
    /// <param name="framesPerSecond">φ.</param>
    public (double Wait, double Toll) Expect(double tailSeconds, double framesPerSecond)
    {
        if (!IsPriced || _waits <= 0) return default;
        var own = framesPerSecond * tailSeconds / Places;
        var load = _load + Math.Max(0, own - _ownLoad);
        return (_waited / _waits * WaitAt(load), Variability * _curve.Price(load - (own / 2)) * tailSeconds);
    }

    // A server has as many places as it has. One that says otherwise in each reply would make what is learned of waits mean something else each time.
    private void HearPlaces(int places)
    {
        _named = places == _named.Places ? (places, _named.Replies + 1) : (places, 1);
        if (places <= 0 || places == _places || (_places > 0 && _named.Replies < RepliesOfNewPlaces)) return;
        var before = WaitAt(_curve.LoadOfPrice(_price / Variability));
        (_places, _curve) = (places, new(places));
        // What is expected to be waited at this price stays what it was.
        var now = WaitAt(_curve.LoadOfPrice(_price / Variability));
        (_waits, _recentWaits) = (_waits * now / before, _recentWaits * now / before);
    }

    // w(ρ), at least so much as is told apart from none, in what is learned as in what is expected: else whatever is waited at a price of 0 would never be expected.
    private double WaitAt(double load) => Math.Max(_curve.Wait(load), LeastWait);
}
