using System.Collections.Immutable;
using SplitInfer.Policies.Sharing;

namespace SplitInfer.Policies.Learning;

/// <summary>Between what one device learns and what its kind has learned: a device starts from the one, and gives the other what it measured itself. Stateless.</summary>
/// <remarks>
/// What the kind found counts as a measurement that scatters as much as the kind does, so that what is related follows, and so that measurements of the device's own soon outweigh it.
/// Heads are taken over by <see cref="DeviceModel"/>.
/// </remarks>
internal static class KindLearning
{
    /// <summary>A server may be busier now than it was for others.</summary>
    private const double ServerDoubt = 0.3 * 0.3;

    /// <summary>Requests that must have measured a link or evaluated an exit before others are told of it.</summary>
    private const int LeastRequests = 5, LeastExits = 30;

    /// <summary>Relative variance of the seconds a bit up to which a device knows its link.</summary>
    private const double KnownLink = 0.25;

    /// <summary>Rates nearer to never and always than this are not told from it.</summary>
    private const double LeastRate = 1e-5;

    /// <summary>What a head is known by.</summary>
    public static KindQuantity HeadOf(in Arm arm) => new(KindQuantityType.Head, 0, (ushort)arm.Variant, (ushort)arm.Cut, 0);

    /// <summary>Starts from what the kind has learned.</summary>
    public static void Suppose(PolicySetup setup, CostModel costs)
    {
        if (setup.Prior.Quantities == 0) return;
        for (var server = 0; server < costs.Servers.Length; server++)
        {
            var (model, name) = (costs.Servers[server], ServerOf(setup, server));
            var hasTail = false;
            foreach (var arm in TailsOf(costs, server))
            {
                if (setup.Prior.Find(TailOf(setup, arm, name)) is not { } tail) continue;
                model.Tails.Suppose(costs.Arms.Rows.Tail[arm], tail.Log, tail.Variance);
                hasTail = true;
            }

            if (hasTail) model.Tails.Doubt(ServerDoubt);
            if (setup.Prior.Find(new(KindQuantityType.LinkSeconds, name, 0, 0, 0)) is { } seconds && setup.Prior.Find(new(KindQuantityType.LinkSecondsPerBit, name, 0, 0, 0)) is { } perBit)
                model.Link.Suppose(seconds, perBit);
        }

        for (var arm = 0; arm < costs.Arms.Count; arm++)
            if (setup.Prior.Find(ExitOf(costs.Arms[arm])) is { } odds) costs.Exits.Suppose(arm, 1 / (1 + Math.Exp(-odds.Log)));
    }

    /// <summary>What this device has measured itself, as the share of one device.</summary>
    public static KindPrior ShareOf(PolicySetup setup, CostModel costs)
    {
        var found = ImmutableSortedDictionary.CreateBuilder<KindQuantity, LogHistogram>();
        for (var i = 0; i < costs.Arms.Count; i++)
        {
            var arm = costs.Arms[i];
            if (setup.Heads.IsMeasured(arm.Variant, arm.Cut) && setup.Heads.SecondsOf(arm.Variant, arm.Cut) is > 0 and var head) Add(HeadOf(arm), Math.Log(head));
            if (costs.Exits.Seen(i) >= LeastExits) Add(ExitOf(arm), Odds(1 - costs.Exits.Stay(i)));
        }

        for (var server = 0; server < costs.Servers.Length; server++)
        {
            var (model, name) = (costs.Servers[server], ServerOf(setup, server));
            foreach (var arm in TailsOf(costs, server))
                if (costs.Arms.Rows.Tail[arm] is var row && model.Tails.HasRun(row)) Add(TailOf(setup, arm, name), Math.Log(model.Tails.Seconds(row)));
            if (model.Link.Requests < LeastRequests || model.Link.RelativeVariance > KnownLink) continue;
            Add(new(KindQuantityType.LinkSeconds, name, 0, 0, 0), Math.Log(model.Link.Delay.Fixed));
            Add(new(KindQuantityType.LinkSecondsPerBit, name, 0, 0, 0), Math.Log(model.Link.Delay.SecondsPerBit));
        }

        return KindPrior.Empty.Plus(new(found.ToImmutable()));

        void Add(KindQuantity quantity, double log)
        {
            if (double.IsFinite(log)) found[quantity] = LogHistogram.Of(log - quantity.Least);
        }
    }

    private static ulong ServerOf(PolicySetup setup, int server) => KindQuantity.HashOf(server < setup.Servers.Length ? setup.Servers[server].Name : "");

    private static KindQuantity TailOf(PolicySetup setup, int arm, ulong server) =>
        new(KindQuantityType.Tail, server, (ushort)setup.Arms[arm].Arm.Variant, (ushort)setup.Arms[arm].Arm.Cut, (ushort)setup.Arms[arm].ServerExit);

    private static KindQuantity ExitOf(in Arm arm) => new(KindQuantityType.ExitOdds, 0, (ushort)arm.Variant, 0, (ushort)arm.Exit);

    // One arm for each row of a server's tails.
    private static IEnumerable<int> TailsOf(CostModel costs, int server) =>
        Enumerable.Range(0, costs.Arms.Remotes).Where(arm => costs.Arms[arm].Server == server).DistinctBy(arm => costs.Arms.Rows.Tail[arm]);

    private static double Odds(double rate)
    {
        var bounded = Math.Clamp(rate, LeastRate, 1 - LeastRate);
        return Math.Log(bounded / (1 - bounded));
    }
}
