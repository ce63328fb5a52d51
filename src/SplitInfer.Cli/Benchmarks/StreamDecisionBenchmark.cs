using SplitInfer.Policies.Streams;
using SplitInfer.Simulation;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>Times what a planner adds to a frame: to choose its route, and to observe what it took.</summary>
internal sealed class StreamDecisionBenchmark(TimeProvider time)
{
    private const int Tails = 199, Rounds = 50, FramesPerRound = 200;

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1.5);

    /// <summary>Times it over 200 routes, one of which is the device alone; plans that are made again every now and then included.</summary>
    public StreamDecisionRow Run()
    {
        var planner = new StreamPlanner(Simulator.SetupOf(Make(), seed: 0), new());
        var frames = new Frames(planner);
        for (var start = time.GetTimestamp(); time.GetElapsedTime(start) < WarmUp;) frames.Play(FramesPerRound);
        var micros = new double[Rounds];
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        for (var round = 0; round < Rounds; round++)
        {
            var began = time.GetTimestamp();
            frames.Play(FramesPerRound);
            micros[round] = time.GetElapsedTime(began).TotalMicroseconds / FramesPerRound;
        }

        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        return new(Tails + 1, Median.Of(micros), micros.Max(), (double)allocated / (Rounds * FramesPerRound));
    }

    // The device runs the whole in 100 ms, a server in 20.
    private static Scenario Make() => new()
    {
        Name = "routes",
        Frames = 1,
        Noise = 0,
        Arms = [.. Enumerable.Range(0, Tails + 1).Select(static cut => new ScenarioArm
        {
            Partition = cut,
            HeadMs = 100.0 * cut / Tails,
            PayloadBits = cut == Tails ? 0 : 1e6 / (1 + (cut % 17)),
            TailMs = cut == Tails ? 0 : 0.1 + (20.0 * (Tails - cut) / Tails),
            Macs = [1e8 * (Tails - cut)],
            Nodes = [Tails - cut],
        })],
        Servers = [new() { Link = new([(0, new(16, 10))]) }],
        DeviceSlowdown = new([(0, 1)]),
        KeyFrames = [],
        Probes = true,
    };

    // A few frames are in flight, and each takes what is expected of it, but for a little.
    private sealed class Frames(StreamPlanner planner)
    {
        private readonly Queue<StageTimes> _inFlight = new(64);
        private double _now;
        private double _device;
        private double _link;

        public void Play(int count)
        {
            for (var i = 0; i < count; i++)
            {
                while (_inFlight.Count >= planner.Window)
                {
                    var ended = _inFlight.Dequeue();
                    _now = Math.Max(_now, ended.Decision.Arm.IsOnDevice ? ended.DeviceEnded : ended.RepliedAt);
                    planner.Observe(ended);
                }

                _inFlight.Enqueue(Begin(planner.Next(new() { NowSeconds = _now })));
            }
        }

        private StageTimes Begin(in StreamDecision decision)
        {
            var scatter = 1 + (0.05 * Math.Sin(decision.Sequence));
            var began = Math.Max(_now, _device);
            _device = began + (0.1 * decision.Arm.Cut / Tails * scatter);
            var times = new StageTimes { Decision = decision, QueuedAt = _now, DeviceBegan = began, DeviceEnded = _device, SendBegan = double.NaN, RepliedAt = double.NaN };
            if (decision.Arm.IsOnDevice) return times;
            var bits = 1e6 / (1 + (decision.Arm.Cut % 17));
            var server = (1e-4 + (0.02 * (Tails - decision.Arm.Cut) / Tails)) * scatter;
            _link = Math.Max(_device, _link) + (bits / 16e6);
            return times with { SendBegan = _device, RepliedAt = _link + 0.01 + server, Bits = bits, ServerSeconds = server, ServerPlaces = 1 };
        }
    }
}

/// <summary>What choosing and observing costs the processor.</summary>
/// <param name="Routes">How many routes there are.</param>
/// <param name="DecisionUs">Microseconds to choose and observe once, plans included; the median over rounds of 200 frames.</param>
/// <param name="MostDecisionUs">The same in the slowest round.</param>
/// <param name="AllocatedBytes">Managed bytes that this allocates, as the mean.</param>
internal sealed record StreamDecisionRow(int Routes, double DecisionUs, double MostDecisionUs, double AllocatedBytes);
