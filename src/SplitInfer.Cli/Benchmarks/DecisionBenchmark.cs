using SplitInfer.Policies.Catalog;
using SplitInfer.Policies;
using SplitInfer.Simulation;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>Times what a policy adds to a request: to choose, and to observe what it cost.</summary>
internal sealed class DecisionBenchmark(TimeProvider time)
{
    private const int Rounds = 50;
    private const int DecisionsPerRound = 1_000, DecisionsPerRoundOfMany = 200;

    /// <summary>.NET compiles what runs often once more while it runs, which takes this long where other work goes on.</summary>
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1.5);

    /// <summary>The same code runs for many arms, so that only caches have to fill.</summary>
    private static readonly TimeSpan WarmUpOfMany = TimeSpan.FromSeconds(0.2);

    /// <summary>Times one policy among 32 arms of one server, and among 1,000 of nine.</summary>
    public IEnumerable<DecisionRow> Run(string name) =>
    [
        Run(name, default, Make(servers: 1, tails: 31), WarmUp, DecisionsPerRound),
        Run(name, default, Make(servers: 9, tails: 111), WarmUpOfMany, DecisionsPerRoundOfMany),
    ];

    /// <summary>The same for the default, by a deadline that some arms make now and then.</summary>
    public IEnumerable<DecisionRow> RunByDeadline() =>
    [
        Run(PolicyNames.MuLinUcb, ByDeadline, Make(servers: 1, tails: 31), WarmUp, DecisionsPerRound),
        Run(PolicyNames.MuLinUcb, ByDeadline, Make(servers: 9, tails: 111), WarmUpOfMany, DecisionsPerRoundOfMany),
    ];

    private static DecisionContext ByDeadline => new() { Objective = Objective.MostAccurateBy, RemainingSeconds = 0.25 };

    private DecisionRow Run(string name, DecisionContext context, Scenario scenario, TimeSpan warmUp, int decisions)
    {
        var policy = PolicyCatalog.Create(name, Simulator.SetupOf(scenario, seed: 0));
        for (var start = time.GetTimestamp(); time.GetElapsedTime(start) < warmUp;) Decide(policy, context, scenario, decisions);
        var (micros, choosing) = (new double[Rounds], new double[Rounds]);
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        for (var round = 0; round < Rounds; round++)
        {
            var began = time.GetTimestamp();
            Decide(policy, context, scenario, decisions);
            micros[round] = time.GetElapsedTime(began).TotalMicroseconds / decisions;
            began = time.GetTimestamp();
            for (var i = 0; i < decisions; i++) policy.Decide(context);
            choosing[round] = time.GetElapsedTime(began).TotalMicroseconds / decisions;
        }

        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        return new(name, scenario.Choices, Median.Of(micros), (double)allocated / (2 * Rounds * decisions), Median.Of(choosing), context.Objective.ToString());
    }

    private static void Decide(IPartitionPolicy policy, in DecisionContext context, Scenario scenario, int times)
    {
        for (var i = 0; i < times; i++)
        {
            var decision = policy.Decide(context);
            var arm = scenario.Arms[decision.Arm.Cut];
            // Delays that swing a little, as real ones do, without a generator whose time would count.
            var swing = 1 + (0.03 * ((i % 7) - 3) / 3);
            policy.Observe(decision.Arm.IsOnDevice
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

    private static Scenario Make(int servers, int tails) => new()
    {
        Name = "decision",
        Frames = 1,
        Noise = 0,
        Arms = [.. Enumerable.Range(0, tails + 1).Select(k => new ScenarioArm
        {
            Partition = k,
            HeadMs = 3 * k,
            PayloadBits = k == tails ? 0 : 8e6 / (k + 1),
            TailMs = tails - k,

            // The more the device does, the less accurate it is, so that there is something to weigh against time.
            Accuracy = 1 - (0.1 * k / tails),
            Macs = [1e8 * (tails - k), 1e6, 1e5],
            Nodes = [tails - k, 1, tails + 1 - k],
        })],
        Servers = [.. Enumerable.Range(0, servers).Select(static _ => new ScenarioServer { Link = new([(0, new LinkState(16, 5))]) })],
        DeviceSlowdown = new([(0, 1)]),
        KeyFrames = [],
        Probes = false,
    };
}
