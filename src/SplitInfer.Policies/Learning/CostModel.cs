using SplitInfer.Policies.Sharing;

namespace SplitInfer.Policies.Learning;

/// <summary>
/// What every arm costs: device, and link and tails of each server, learned apart, each from every request, whichever arm it took.
/// Not thread-safe.
/// </summary>
/// <remarks>
/// <code>
/// cost(p) = head(p) + (1 − q)·(encode(p) + link_s(bits(p)) + tail_s(p) + wait_s(p))    p an arm of server s
/// cost(P) = head(P) + (1 − q)·(whole − head(P))                                       P everything on the device
/// q         probability that the arm's exit answers; 0 without one, so that cost(P) is the whole model       ExitModel
/// </code>
/// The first part is known but for how slow the device is at the moment; link and tail are learned. Heads are learned by variant and cut,
/// bits by variant, cut and codec, tails by variant, cut and exit on each server. A tail includes the decoding of its fastest codec; what
/// another one takes beyond that is taken as described. The wait for a place is told apart from the tail once the server has named a price; what others then wait
/// longer, the toll, counts in the choice and in nothing else: it is no part of the expected cost.
/// </remarks>
internal sealed partial class CostModel
{
    /// <summary>What a shorter head takes, relative to what it should, says little of a whole model, s.</summary>
    private const double SteadySeconds = 2e-3;

    private readonly PayloadModel _payloads;
    private readonly double[] _means;
    private readonly double[] _remotes;
    private readonly double[] _waits;
    private readonly double[] _tolls;
    private readonly RequestClock _clock;
    private readonly int[] _open;
    private int _openCount;

    public CostModel(PolicySetup setup, ArmTable arms)
    {
        (Arms, Device, _payloads) = (arms, new(setup, arms), new(setup, arms));
        Servers = [.. Enumerable.Range(0, arms.Servers).Select(server => new ServerModel(ServerPrior.Of(setup, arms, server), setup.IsSingleCore))];
        _open = new int[Servers.Length];
        (Residuals, Exits) = (new(Servers.Length), new(setup));
        (_means, _remotes) = (new double[arms.Count], new double[arms.Count]);
        (_waits, _tolls, _clock) = (new double[arms.Count], new double[arms.Count], new(setup.Time));
        KindLearning.Suppose(setup, this);
    }

    /// <summary>The arms.</summary>
    public ArmTable Arms { get; }

    /// <summary>Heads and encoding.</summary>
    public DeviceModel Device { get; }

    /// <summary>The servers, by <see cref="Arm.Server"/>.</summary>
    public ServerModel[] Servers { get; }

    /// <summary>How far requests were from what was expected of them.</summary>
    public ResidualModel Residuals { get; }

    /// <summary>How often exits answer.</summary>
    public ExitModel Exits { get; }

    /// <summary>The servers whose arms may be taken at the present decision: those that are available, have been heard of, and owe no reply.</summary>
    public ReadOnlySpan<int> Open => _open.AsSpan(0, _openCount);

    /// <summary>The link of an arm's server; the arm is not the device.</summary>
    public LinkModel LinkOf(int arm) => Servers[Arms[arm].Server].Link;

    /// <summary>Bits that an arm is expected to send.</summary>
    public double Bits(int arm) => _payloads.Bits(arm);

    /// <summary>Expected cost of an arm at the last <see cref="Advance"/>, s.</summary>
    public double Mean(int arm) => _means[arm];

    /// <summary>The part of it that link and server make, s.</summary>
    public double Remote(int arm) => Exits.Stay(arm) * _remotes[arm];

    /// <summary>Expected delay of link and server of a request that is sent, s.</summary>
    public double Offload(int arm) => _remotes[arm];

    /// <summary>Expected cost of an arm for a request that its exit does not answer, s.</summary>
    public double Unanswered(int arm) => Exits.Stay(arm) < 1 ? Ahead(arm) + Rest(arm) : _means[arm];

    /// <summary>Expected delay until the exit of an arm has been evaluated, s.</summary>
    public double Ahead(int arm) => Device.Head(arm) + Exits.Seconds(arm);

    /// <summary>Expected cost of a remote arm, s, if its link and its tail took so long.</summary>
    /// <param name="arm">The arm.</param>
    /// <param name="offload">Of a request that is sent, s.</param>
    public double CostWith(int arm, double offload)
    {
        var stay = Exits.Stay(arm);
        return Ahead(arm) + (stay * Device.Encode(arm)) + (stay * offload);
    }

    /// <summary>The part of the cost of an arm that the device makes, s, while nothing slows it down.</summary>
    public double NominalDevice(int arm)
    {
        var (stay, head) = (Exits.Stay(arm), Device.NominalHead(arm));
        if (!Arms[arm].IsOnDevice) return head + Exits.Seconds(arm) + (stay * Device.Encode(arm));
        return Arms.WholeOf(arm) is var whole && whole == arm ? head + Exits.Seconds(arm) + Device.Encode(arm) : head + Exits.Seconds(arm) + (stay * Math.Max(0, Device.NominalHead(whole) - head));
    }

    /// <summary>What a request that is sent waits for one of the server's places, s; 0 where the server names no price.</summary>
    public double Wait(int arm) => _waits[arm];

    /// <summary>What others wait longer because of a request of an arm, in the mean of those that are sent and those that its exit answers, s; 0 where the server names no price.</summary>
    public double Toll(int arm) => _tolls[arm];

    /// <summary>What arms are chosen by: the expected cost and what the request costs others, s.</summary>
    public double Priced(int arm) => _means[arm] + _tolls[arm];

    /// <summary>Whether any server has ever named a price.</summary>
    public bool IsPriced { get; private set; }

    /// <summary>The time of the present decision, s of a clock that does not go back.</summary>
    public double Now => _clock.Now;

    /// <summary>Standard deviation of a single offload of an arm: what is not known of link and server, and how much they scatter, s.</summary>
    public double Deviation(int arm)
    {
        var (server, row, bits) = (Servers[Arms[arm].Server], Arms.Rows.Tail[arm], Bits(arm));
        var tail = server.Tails.Seconds(row);
        var onLink = server.Link.Covariance(bits, bits) + server.Link.Scatter(bits);
        var onServer = server.Tails.Covariance(row, row) + server.Tails.Noise.Of(tail * tail);
        return Math.Sqrt(onLink + onServer + (_waits[arm] * _waits[arm]));
    }

    /// <summary>Expected delay of the tail of an arm, s.</summary>
    public double Tail(int arm) => Servers[Arms[arm].Server].Tails.Seconds(Arms.Rows.Tail[arm]) + _payloads.ExtraDecoding(arm);

    /// <summary>The part of the difference between a tail's time and the expected one that is expected to be scatter rather than an error of the estimate, 0 to 1.</summary>
    public double TailScatter(int arm)
    {
        var (tails, row) = (Servers[Arms[arm].Server].Tails, Arms.Rows.Tail[arm]);
        var noise = tails.Noise.Of(tails.Seconds(row) * tails.Seconds(row));
        return noise / (noise + tails.Covariance(row, row));
    }

    /// <summary>Covariance of the costs of two arms, s².</summary>
    public double Covariance(int arm, int other)
    {
        var covariance = DeviceCovariance(arm, other);
        var server = Arms[arm].Server;
        if (server < 0 || server != Arms[other].Server) return covariance;
        var remote = Servers[server].Link.Covariance(Bits(arm), Bits(other)) + Servers[server].Tails.Covariance(Arms.Rows.Tail[arm], Arms.Rows.Tail[other]);
        return covariance + (Exits.Stay(arm) * Exits.Stay(other) * remote);
    }

    /// <summary>
    /// By how much the cost of an arm may be off because it is not known how often its exit answers, beyond what <paramref name="best"/> shows of that, a
    /// standard deviation, s. It is no part of <see cref="Covariance"/>.
    /// </summary>
    public double ExitDeviation(int arm, int best)
    {
        var variance = Exits.AreSame(arm, best) ? 0 : Exits.Variance(arm);
        return variance > 0 ? Math.Sqrt(variance) * Rest(arm) : 0;
    }

    /// <summary>By how much the cost of a remote arm may be off because it never sent anything, a standard deviation, s. A single request shows that, however delays scatter.</summary>
    public double PayloadDeviation(int arm) => _payloads.Deviation(arm) * LinkOf(arm).Delay.SecondsPerBit;

    /// <summary>
    /// Counts a decision, works out the costs, and says which arm is expected to cost least among those that may be taken of the device
    /// and of <see cref="Open"/> servers; where these have none, among those of all servers.
    /// </summary>
    public int Advance(in DecisionContext context, long sequence)
    {
        Device.Advance();
        _clock.Advance();
        for (var local = Arms.Remotes; local < Arms.Count; local++) _means[local] = Arms.WholeOf(local) == local ? Device.Mean(local) + Exits.Seconds(local) : Ahead(local) + (Exits.Stay(local) * Rest(local));
        Arms.Refresh(context, Device.Heads, Arms.Rows.Head, _means);
        var (best, reserve) = (Arms.AllowsDevice ? Arms.OnDevice : -1, -1);
        _openCount = 0;
        for (var s = 0; s < Servers.Length; s++)
        {
            var server = Servers[s];
            server.Advance();
            server.Congestion.Advance(_clock.Now);
            server.Best = Estimate(server, Arms.RemoteOf(s));
            if (server.Best < 0) continue;
            if (!server.Link.IsKnown || server.IsOverdue(sequence))
            {
                reserve = Cheaper(server.Best, reserve);
                continue;
            }

            _open[_openCount++] = s;
            best = Cheaper(server.Best, best);
        }

        // The device may be excluded while no server is open; then one that is not has to do.
        return best >= 0 ? best : reserve;
    }

    /// <summary>Writes what was learned of links and servers. The device's profile is kept by itself.</summary>
    public void Save(PolicyStateWriter state)
    {
        _payloads.Save(state);
        foreach (var server in Servers) server.Save(state);
        Residuals.Save(state);
        Exits.Save(state);
    }

    /// <summary>Restores what an earlier run learned.</summary>
    public void Restore(PolicyStateReader state)
    {
        _payloads.Restore(state);
        foreach (var server in Servers) server.Restore(state);

        // Earlier releases kept no residuals, and wrote the same otherwise.
        if (!state.IsAtEnd) Residuals.Restore(state);

        // Nor did they have exits.
        if (!state.IsAtEnd) Exits.Restore(state);
    }

    // What is left to do where an exit does not answer.
    private double Rest(int arm) => Arms[arm].IsOnDevice ? Math.Max(0, Device.Head(Arms.WholeOf(arm)) - Device.Head(arm)) : Device.Encode(arm) + _remotes[arm];

    // A local arm with an exit costs a part of its head and a part of the whole: q·head + (1 − q)·whole.
    private double DeviceCovariance(int arm, int other)
    {
        var (whole, wholeOfOther) = (PartlyWhole(arm), PartlyWhole(other));
        if (whole == arm && wholeOfOther == other) return Device.Covariance(arm, other);
        var (stay, stayOfOther) = (whole == arm ? 0 : Exits.Stay(arm), wholeOfOther == other ? 0 : Exits.Stay(other));
        return ((1 - stay) * (1 - stayOfOther) * Device.Covariance(arm, other)) + (stay * (1 - stayOfOther) * Device.Covariance(whole, other))
            + ((1 - stay) * stayOfOther * Device.Covariance(arm, wholeOfOther)) + (stay * stayOfOther * Device.Covariance(whole, wholeOfOther));
    }

    private int PartlyWhole(int arm) => Arms[arm].IsOnDevice ? Arms.WholeOf(arm) : arm;

    // The second of equals; −1 stands for none.
    private int Cheaper(int arm, int than) => than < 0 || Priced(arm) < Priced(than) ? arm : than;

    // Works out the costs of a server's arms. Says which costs least, the first of equals; −1 where there is none.
    private int Estimate(ServerModel server, ReadOnlySpan<int> arms)
    {
        var (best, least) = (-1, double.PositiveInfinity);
        var link = server.Link.Delay;
        var tails = server.Tails.AllSeconds;
        var tailRow = Arms.Rows.Tail;
        foreach (var arm in arms)
        {
            var remote = link.Mean(_payloads.Bits(arm)) + (tails[tailRow[arm]] + _payloads.ExtraDecoding(arm));
            if (server.Congestion.IsPriced)
            {
                var stay = Exits.Stay(arm);
                var (wait, toll) = server.Congestion.Expect(tails[tailRow[arm]], stay * _clock.RequestsPerSecond);
                (_waits[arm], _tolls[arm], remote) = (wait, stay * toll, remote + wait);
            }

            var mean = CostWith(arm, remote);
            (_remotes[arm], _means[arm]) = (remote, mean);
            var priced = mean + _tolls[arm];
            if (priced < least) (best, least) = (arm, priced);
        }

        return best;
    }
}
