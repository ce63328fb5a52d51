namespace SplitInfer.Simulation.RandomWorlds;

/// <summary>Has something happen in a world in which nothing does, to what its best arm uses.</summary>
internal static class RandomNews
{
    private const int First = 150, Last = 220;

    /// <summary>The frame at which the news comes; −1 in a world without news.</summary>
    public static int FrameOf(Scenario world) => world.Changes is [var frame] ? frame : -1;

    /// <summary>The world with the news; null where that changes nothing for its best arm.</summary>
    public static Scenario? Bring(Scenario world, JointKind kind, ScenarioRandom draws)
    {
        var (frame, factor) = (draws.Whole(First, Last), draws.LogUniform(2, 15));
        var best = Enumerable.Range(0, world.Choices).Where(world.IsAccurate).MinBy(choice => world.MeanSeconds(choice, 0));
        var isDevice = kind is JointKind.DeviceSlowsDown or JointKind.DeviceRecovers;
        var server = world.ServerOf(best);
        if (isDevice) return world with { DeviceSlowdown = Steps(1, factor, frame, kind is JointKind.DeviceSlowsDown) };
        if (server < 0) return null;
        var was = world.Servers[server];
        var (link, slowdown) = (was.Link.At(0), was.Slowdown.At(0));
        var slow = new LinkState(link.Mbps / factor, link.RttMs * draws.LogUniform(1, 3));
        var changed = kind switch
        {
            JointKind.LinkWorsens => was with { Link = new([(0, link), (frame, slow)]) },
            JointKind.LinkRecovers => was with { Link = new([(0, slow), (frame, link)]) },
            _ => was with { Slowdown = Steps(slowdown, slowdown * factor, frame, kind is JointKind.ServerSlowsDown) },
        };
        return world with { Servers = world.Servers.SetItem(server, changed) };
    }

    private static Timeline<double> Steps(double fast, double slow, int frame, bool isBad) => isBad ? new([(0, fast), (frame, slow)]) : new([(0, slow), (frame, fast)]);
}
