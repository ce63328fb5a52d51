using SplitInfer.Policies.Catalog;
using SplitInfer.Policies;
using SplitInfer.Simulation;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>Times what a policy adds to a request: to choose, and to observe what it cost.</summary>
internal sealed class DecisionBenchmark(TimeProvider time)
{
    private const int Arms = 32;
    private const int Rounds = 50;
    private const int DecisionsPerRound = 1_000;

    /// <summary>.NET compiles what runs often once more while it runs, which takes this long where other work goes on.</summary>
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1.5);

    /// <summary>Times one policy.</summary>
    public DecisionRow Run(string name)
    {
        var scenario = Make();
        var policy = PolicyCatalog.Create(name, Simulator.SetupOf(scenario, seed: 0));
        for (var start = time.GetTimestamp(); time.GetElapsedTime(start) < WarmUp;) Decide(policy, scenario, DecisionsPerRound);
        var micros = new double[Rounds];
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        for (var round = 0; round < Rounds; round++)
        {
            var began = time.GetTimestamp();
            Decide(policy, scenario, DecisionsPerRound);
            micros[round] = time.GetElapsedTime(began).TotalMicroseconds / DecisionsPerRound;
        }

        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        return new(name, Arms, Median.Of(micros), (double)allocated / (Rounds * DecisionsPerRound));
    }

    private static void Decide(IPartitionPolicy policy, Scenario scenario, int times)
    {
        for (var i = 0; i < times; i++)
        {
            var decision = policy.Decide(default);
            var arm = scenario.Arms[decision.Arm.Index];
            // Delays that swing a little, as real ones do, without a generator whose time would count.
            var swing = 1 + (0.03 * ((i % 7) - 3) / 3);
            policy.Observe(decision.Arm.Index == Arms - 1
                ? new() { Decision = decision, HeadSeconds = arm.HeadMs / 1e3 * swing }
                : new()
                {
                    Decision = decision,
                    Server = ServerOutcome.Replied,
                    HeadSeconds = arm.HeadMs / 1e3 * swing,
                    OffloadSeconds = ((arm.PayloadBits / 16e6) + (arm.TailMs / 1e3) + 0.005) * swing,
                    ServerSeconds = arm.TailMs / 1e3 * swing,
                    BytesSent = (long)(arm.PayloadBits / 8),
                });
        }
    }

    private static Scenario Make() => new()
    {
        Name = "decision",
        Frames = 1,
        Noise = 0,
        Arms = [.. Enumerable.Range(0, Arms).Select(static k => new ScenarioArm
        {
            Partition = k,
            HeadMs = 3 * k,
            PayloadBits = k == Arms - 1 ? 0 : 8e6 / (k + 1),
            TailMs = Arms - 1 - k,
            Macs = [1e8 * (Arms - 1 - k), 1e6, 1e5],
            Nodes = [Arms - 1 - k, 1, Arms - k],
        })],
        Servers = [new() { Link = new([(0, new LinkState(16, 5))]) }],
        DeviceSlowdown = new([(0, 1)]),
        KeyFrames = [],
        Probes = false,
    };
}
