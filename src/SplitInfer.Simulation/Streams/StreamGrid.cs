using System.Collections.Immutable;
using System.Globalization;

namespace SplitInfer.Simulation.Streams;

/// <summary>The worlds that streams are compared in: a network on links of 2 to 100 Mbit/s, a quarter, half and all of a device, half and all of a server.</summary>
public static class StreamGrid
{
    private const double RttMs = 10;

    private static readonly double[] _mbps = [2, 4, 8, 16, 32, 100], _quotas = [0.25, 0.5, 1], _shares = [0.5, 1];

    /// <summary>All of them for one network.</summary>
    /// <param name="network">What people call it.</param>
    /// <param name="arms">Its arms on all of a device.</param>
    public static IEnumerable<StreamWorld> Of(string network, ImmutableArray<ScenarioArm> arms) =>
        from mbps in _mbps
        from quota in _quotas
        from share in _shares
        select new StreamWorld
        {
            Name = string.Create(CultureInfo.InvariantCulture, $"{network}/{mbps}/{quota * 100}/{share * 100}"),
            Arms = StreamTables.OnPart(arms, quota),
            Servers = [StreamServer.Steady(mbps, RttMs, share)],
        };
}
