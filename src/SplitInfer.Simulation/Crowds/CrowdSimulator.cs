using SplitInfer.Policies;
using SplitInfer.Policies.Catalog;
using SplitInfer.Policies.Sharing;

namespace SplitInfer.Simulation.Crowds;

/// <summary>Plays contenders in a crowd on a virtual clock, event by event. The same world and contender give the same result.</summary>
public sealed class CrowdSimulator(CrowdWorld world)
{
    private const int NewcomerFrames = 100;

    private readonly Lazy<int[]> _optimum = new(() => new CrowdOptimum(world).Find());

    /// <summary>Plays one contender.</summary>
    public CrowdResult Play(CrowdContender contender) =>
        contender == CrowdContender.Optimum ? Play(contender, _optimum.Value) : Run(contender, null, world.Seconds);

    /// <summary>Plays fixed arms, by client.</summary>
    internal CrowdResult Play(CrowdContender contender, int[] arms, bool untilJudged = false) => Run(contender, arms, untilJudged ? Math.Min(world.Seconds, world.ToSeconds) : world.Seconds);

    private CrowdResult Run(CrowdContender contender, int[]? arms, double seconds)
    {
        var clock = new CrowdClock();
        SharedServer[] servers = [.. world.Servers.Select(server => new SharedServer(server, clock))];
        var hearsPrices = contender == CrowdContender.Shared;
        CrowdDevice[] devices = [.. world.Clients.Select((_, index) => new CrowdDevice(index, world, clock, servers, hearsPrices))];
        for (var i = 0; i < devices.Length; i++)
        {
            var index = i;
            clock.At(world.Clients[i].JoinsAt, () => devices[index].Join(PolicyOf(contender, index, devices, arms, clock)));
        }

        var (from, to) = (Math.Min(world.FromSeconds, seconds), Math.Min(world.ToSeconds, seconds));
        var busy = 0.0;
        clock.At(from, () => busy -= servers.Sum(static server => server.BusySeconds));
        clock.At(to, () => busy += servers.Sum(static server => server.BusySeconds));
        clock.RunUntil(seconds);
        var tally = new CrowdTally(devices, from, to);
        return new()
        {
            Contender = contender,
            MeanMs = tally.MeanMs,
            WorstShare = tally.WorstShare,
            SwitchesPerMinute = tally.SwitchesPerMinute,
            NewcomerMs = CrowdTally.FirstFrames(devices, to, NewcomerFrames),
            DeviceShare = tally.Share(static frame => frame.IsOnDevice),
            RacedShare = tally.Share(static frame => frame.IsRaced),
            Utilization = busy / ((to - from) * servers.Sum(static server => server.Places)),
            Frames = tally.Frames,
        };
    }

    // What those of a kind that are there have learned up to now.
    private static KindPrior PriorOf(string kind, CrowdDevice[] devices) =>
        devices.Where(device => device.Client.Kind == kind).Aggregate(KindPrior.Empty, static (sum, device) => device.Policy is { } policy ? sum.Plus(policy.Share()) : sum);

    private IPartitionPolicy PolicyOf(CrowdContender contender, int index, CrowdDevice[] devices, int[]? arms, TimeProvider clock)
    {
        var setup = Simulator.SetupOf(world.ScenarioOf(world.Clients[index]), seed: unchecked((world.Seed * 1_000) + index), time: clock);
        if (contender == CrowdContender.Shared) setup = Simulator.SetupOf(world.ScenarioOf(world.Clients[index]), seed: setup.Seed, time: clock, prior: PriorOf(world.Clients[index].Kind, devices));
        if (arms is not null) return PolicyCatalog.CreateFixed(PolicyNames.Fixed, setup.Arms[arms[index]].Arm);
        return contender switch
        {
            CrowdContender.Published => PolicyCatalog.Create(PolicyNames.MuLinUcbPaper, setup, new Dictionary<string, string> { ["featureScale"] = "max" }),
            CrowdContender.AllOnDevice => PolicyCatalog.Create(PolicyNames.AllOnDevice, setup),
            CrowdContender.AllOnServer => PolicyCatalog.CreateFixed(PolicyNames.AllOnServer, setup.Arms[index % world.Servers.Length * (world.Arms.Length - 1)].Arm),
            _ => PolicyCatalog.Create(PolicyNames.MuLinUcb, setup),
        };
    }
}
