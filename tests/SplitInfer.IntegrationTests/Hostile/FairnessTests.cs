using System.Diagnostics;
using SplitInfer.Testing;
using SplitInfer.Testing.Attacks;
using Xunit.Abstractions;

namespace SplitInfer.IntegrationTests.Hostile;

/// <summary>
/// A polite client keeps at least 80 % of its requests a second beside each attack. Measured in turn, without and with the attack, in several rounds of which
/// the median counts. The attacker is a process of its own with the least priority, so that what it computes takes little from the server that is attacked:
/// both share this machine, which in earnest they do not.
/// </summary>
[Trait("Category", "Timed")]
public class FairnessTests(ITestOutputHelper output)
{
    private const double LeastKept = 0.8;
    private const int Rounds = 5;

    private static readonly TimeSpan Window = TimeSpan.FromSeconds(2), UnderWay = TimeSpan.FromSeconds(2), Calm = TimeSpan.FromSeconds(0.5);

    public static TheoryData<string> Attacks => [.. AttackCatalog.All.Keys];

    [TimedTheory]
    [MemberData(nameof(Attacks))]
    public async Task A_polite_client_keeps_its_pace(string name)
    {
        await using var server = await AttackedServer.StartAsync(AttackCatalog.All[name].IsSecure);
        await RateAsync(server);
        var (kept, alone) = (new List<double>(), new List<double>());
        for (var round = 0; round < Rounds; round++)
        {
            var before = await RateAsync(server);
            double attacked;
            using (var attack = server.Attack(name))
            {
                await attack.BegunAsync();
                await Task.Delay(UnderWay);
                attacked = await RateAsync(server);
            }

            await Task.Delay(Calm);
            var after = await RateAsync(server);
            alone.Add((before + after) / 2);
            kept.Add(attacked / alone[^1]);
        }

        kept.Sort();
        output.WriteLine($"{kept[Rounds / 2]:P0} of {alone.Average():0.0} requests a second; the rounds: {string.Join(", ", kept.Select(static share => $"{share:P0}"))}");
        Assert.True(kept[Rounds / 2] >= LeastKept, $"The polite client kept {kept[Rounds / 2]:P0} of its requests a second.");
    }

    /// <summary>Requests a second that the server answers.</summary>
    private static async Task<double> RateAsync(AttackedServer server)
    {
        var began = Stopwatch.GetTimestamp();
        var (served, _, _) = await server.Polite.InferAsync(_ => Stopwatch.GetElapsedTime(began) >= Window);
        return served / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }
}
