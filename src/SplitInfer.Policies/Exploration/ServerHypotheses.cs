using SplitInfer.Policies.Learning;

namespace SplitInfer.Policies.Exploration;

/// <summary>
/// How a server that the best arm does not use may have become faster: its link, its tails, or both back to what they were. Each hypothesis
/// has an arm that would confirm or refute it, the price of taking that arm, and what would be saved if it were true.
/// </summary>
/// <param name="costs">Estimated costs of the arms.</param>
/// <param name="server">The server; some of its arms may be taken.</param>
internal readonly struct ServerHypotheses(CostModel costs, int server)
{
    /// <summary>Explored in turn: link or server take these shares of their estimated time.</summary>
    private const double Hope = 0.25, HighHope = Hope / 16;

    /// <summary>If the relative variance of the link exceeds this, it may be arbitrarily fast.</summary>
    private const double UnknownVariance = 0.5 * 0.5;

    /// <summary>How much less likely the stronger improvement is assumed to be.</summary>
    private const double HighHopeRarity = 16;

    /// <summary>Decisions for which link or server have been slow; 0 where neither is.</summary>
    public int SlowFor => Math.Max(Server.Link.History.Age, Server.History.Age);

    private ServerModel Server => costs.Servers[server];

    private ReadOnlySpan<int> Arms => costs.Arms.ExploredOf(server);

    /// <summary>Whether the link is slower than it was.</summary>
    public bool IsLinkSlow => Server.Link.History.Age > 0;

    /// <summary>Whether a request of an arm would show that the link has become as fast as <see cref="FasterLink"/> assumes.</summary>
    public bool IsLinkShownBy(int arm, int best) => Server.Link.CanDistinguish(costs.Bits(arm), HopedLink(best, out _, out _));

    /// <summary>The link has become faster.</summary>
    public Hypothesis FasterLink(int best)
    {
        var least = costs.Priced(best);
        var own = Server.Link;
        var link = HopedLink(best, out var gainer, out var isHigh);

        var teller = -1;
        foreach (var arm in Arms)
            if ((teller < 0 || costs.Mean(arm) < costs.Mean(teller)) && own.CanDistinguish(costs.Bits(arm), link)) teller = arm;

        // If delays scatter so much that a single request reveals nothing, use the arm that would gain most if the hypothesis were true.
        if (teller < 0) teller = gainer;
        return new(teller, (isHigh ? HighHopeRarity : 1) * (PriceOf(teller) - least), least - MeanIf(gainer, link));
    }

    /// <summary>The server has become faster. Any of its arms shows it.</summary>
    public Hypothesis FasterServer(int best)
    {
        var (least, teller) = (costs.Priced(best), Arms[0]);
        var (hoped, muchHoped, free) = (double.PositiveInfinity, double.PositiveInfinity, double.PositiveInfinity);
        foreach (var arm in Arms)
        {
            var (mean, tail) = (costs.Priced(arm), costs.Exits.Stay(arm) * costs.Tail(arm));
            hoped = Math.Min(hoped, mean - ((1 - Hope) * tail));
            muchHoped = Math.Min(muchHoped, mean - ((1 - HighHope) * tail));
            free = Math.Min(free, mean - tail);
            if (mean < costs.Priced(teller)) teller = arm;
        }

        return new(teller, PriceOf(teller) - least, least - (hoped < least ? hoped : muchHoped < least ? muchHoped : free));
    }

    /// <summary>Link and server are again what they were before they became slow, which one of them is.</summary>
    /// <param name="best">The best arm.</param>
    /// <param name="tellsLink">The arm that shows that the link is faster.</param>
    /// <param name="tellsServer">The arm that shows that the server is.</param>
    public Hypothesis Recovered(int best, int tellsLink, int tellsServer)
    {
        var link = Server.Link.History.Age > 0 ? Server.Link.History.Link : Server.Link.Delay;
        var (teller, part) = (Server.History.Age > 0 ? tellsServer : tellsLink, Server.History.Part);
        return new(teller, PriceOf(teller) - costs.Mean(best), costs.Priced(best) - MeanIf(BestIf(link, part), link, part));
    }

    /// <summary>The arm that would be best if the link were again what it was, or faster than now, and the server faster.</summary>
    public int BestIfFaster() => BestIf(Server.Link.History.Age > 0 ? Server.Link.History.Link : Server.Link.Delay.WithTransferShare(Hope), Hope);

    /// <summary>The arm that would be best if link and server were much faster than now.</summary>
    public int BestIfMuchFaster() => BestIf(Server.Link.Delay.WithTransferShare(HighHope), HighHope);

    /// <summary>The arm most likely to be faster than the device, in standard deviations of the difference.</summary>
    public int MostPromising()
    {
        var device = costs.Arms.OnDevice;
        var (likeliest, highest) = (Arms[0], double.NegativeInfinity);
        foreach (var arm in Arms)
        {
            var variance = costs.Covariance(arm, arm) - (2 * costs.Covariance(arm, device)) + costs.Covariance(device, device);
            var deviations = (costs.Mean(device) - costs.Priced(arm)) / Math.Sqrt(Math.Max(variance, double.Epsilon));
            if (deviations > highest) (likeliest, highest) = (arm, deviations);
        }

        return likeliest;
    }

    // The link that is looked for: what it was before it became slow, or a faster one by which its server would win.
    private LinkDelay HopedLink(int best, out int gainer, out bool isHigh)
    {
        var own = Server.Link;
        var link = own.History.Age > 0 ? own.History.Link : own.Delay.WithTransferShare(own.RelativeVariance > UnknownVariance ? 0 : Hope);
        gainer = BestIf(link, tailPart: 1);
        isHigh = MeanIf(gainer, link) >= costs.Priced(best);
        if (!isHigh) return link;
        link = own.Delay.WithTransferShare(0);
        gainer = BestIf(link, tailPart: 1);
        return link;
    }

    private int BestIf(in LinkDelay link, double tailPart)
    {
        var best = Arms[0];
        foreach (var arm in Arms)
            if (MeanIf(arm, link, tailPart) < MeanIf(best, link, tailPart)) best = arm;
        return best;
    }

    private double PriceOf(int teller) => costs.Raced(teller) + costs.Toll(teller);

    private double MeanIf(int arm, in LinkDelay link, double tailPart = 1) => costs.CostWith(arm, link.Mean(costs.Bits(arm)) + (tailPart * costs.Tail(arm)) + costs.Wait(arm)) + costs.Toll(arm);
}

/// <summary>An improvement that may have happened.</summary>
/// <param name="Arm">The cheapest arm that shows whether it has.</param>
/// <param name="Price">What taking that arm costs beyond the best one while it has not, s; more for an improvement that is less likely.</param>
/// <param name="Gain">What the improvement saves each request, s; not positive where it would change nothing.</param>
internal readonly record struct Hypothesis(int Arm, double Price, double Gain);
