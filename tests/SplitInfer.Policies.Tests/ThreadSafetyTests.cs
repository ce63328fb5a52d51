using SplitInfer.Policies.Catalog;
using SplitInfer.Simulation;
using SplitInfer.Policies.Tests.Simulation;

namespace SplitInfer.Policies.Tests;

public class ThreadSafetyTests
{
    private const int Threads = 4;
    private const int Requests = 20_000;

    /// <summary>Every decision takes a number of its own, so a lost update shows as a number that two requests have.</summary>
    [Theory]
    [InlineData(PolicyNames.MuLinUcb)]
    [InlineData(PolicyNames.MuLinUcbPaper)]
    [InlineData(PolicyNames.LinUcb)]
    [InlineData(PolicyNames.EpsilonGreedy)]
    [InlineData(PolicyNames.Neurosurgeon)]
    public async Task Concurrent_requests_lose_no_update_and_tear_no_state(string name)
    {
        var setup = Simulator.SetupOf(Scenarios.Read("vgg16/steady-16"), seed: 0);
        var policy = PolicyCatalog.Create(name, setup);
        var numbers = await Task.WhenAll(Enumerable.Range(0, Threads).Select(thread => Task.Run(() => Request(policy, new Random(thread)))));

        var decisions = numbers.SelectMany(static n => n).ToList();
        if (decisions.Exists(static d => d.Sequence != 0))
            Assert.Equal(Enumerable.Range(1, Threads * Requests).Select(static n => (long)n), decisions.Select(static d => d.Sequence).Order());
        var last = policy.Decide(default);
        Assert.InRange(last.Arm.Index, 0, setup.Arms.Length - 1);
        Assert.True(double.IsFinite(last.PredictedSeconds));
    }

    private static Decision[] Request(IPartitionPolicy policy, Random random)
    {
        var decisions = new Decision[Requests];
        foreach (ref var decision in decisions.AsSpan())
        {
            decision = policy.Decide(new() { Quality = random.Next(8) == 0 ? QualityOfService.KeyFrame : default });
            policy.Observe(new() { Decision = decision, Server = ServerOutcome.Replied, HeadSeconds = 0.1, OffloadSeconds = 0.05 + random.NextDouble() / 10, ServerSeconds = 0.02, BytesSent = 100_000 });
        }

        return decisions;
    }
}
