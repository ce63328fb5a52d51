using SplitInfer.Client.Policies;
using SplitInfer.Client.Profiling;
using SplitInfer.Partitioning;

namespace SplitInfer.Client.Simulation;

/// <summary>Plays a policy against a scenario on a virtual clock, one frame after the other.</summary>
internal sealed class Simulator(Scenario scenario, int seed)
{
    private const double RaceOverhead = 1.02;

    /// <summary>How long the reply of a lost race is waited for, in delays of the device: it can only teach.</summary>
    private const double Patience = 3;

    private readonly PriorityQueue<(Decision Decision, Observation Observation), double> _late = new();

    /// <summary>What a policy knows of the scenario before the first frame.</summary>
    /// <param name="scenario">The scenario.</param>
    /// <param name="seed">Of policies that draw at random.</param>
    /// <param name="canRace">Whether the device may run a tail beside the server.</param>
    /// <param name="hasOneCore">Whether the policy is told that the device has one core.</param>
    public static PolicySetup SetupOf(Scenario scenario, int seed, bool canRace = true, bool hasOneCore = false)
    {
        var arms = scenario.Arms;
        var profile = new double[arms.Max(static a => a.Partition) + 1];
        var whole = arms[0].Macs.Sum();
        foreach (var arm in arms) profile[arm.Partition] = Math.Max(0, whole - arm.Macs.Sum());
        var heads = new HeadProfile(profile);
        foreach (var arm in arms) heads.Record(arm.Partition, arm.HeadMs / 1e3);
        return new()
        {
            Arms = [.. arms.Select(ProfileOf)],
            Heads = heads,
            ProfiledTailSeconds = OfflineProfile.TailSeconds(scenario),
            Seed = seed,
            CanRace = canRace,
            HasOneCore = hasOneCore,
        };
    }

    /// <summary>Plays all frames.</summary>
    public IEnumerable<SimulatedFrame> Play(IPartitionPolicy policy)
    {
        var clock = 0.0;
        for (var frame = 0; frame < scenario.Frames; frame++)
        {
            var noise = new FrameNoise(seed, frame);
            while (_late.TryPeek(out var late, out var arrival) && arrival <= clock)
            {
                _late.Dequeue();
                policy.Observe(late.Decision, late.Observation);
            }

            if (scenario.Probes)
                policy.ObserveRoundTrip(noise.Apply(NoiseTerm.Probe, Math.Max(scenario.Link.At(frame).RttMs, 1e-6), scenario.Noise) / 1e3);
            var decision = policy.Decide(new() { IsKeyFrame = scenario.KeyFrames.Contains(frame) });
            var played = Run(policy, decision, frame, noise, clock);
            clock += played.DelayMs / 1e3;
            yield return played;
        }
    }

    private SimulatedFrame Run(IPartitionPolicy policy, in Decision decision, int frame, FrameNoise noise, double clock)
    {
        var arm = decision.Arm.Index;
        var onDevice = scenario.Arms.Length - 1;
        var (observation, seconds) = Measure(arm, frame, noise);
        var mean = scenario.MeanSeconds(arm, frame);
        if (decision.IsRaced && arm != onDevice)
        {
            var device = Measure(onDevice, frame, noise).Seconds * RaceOverhead;
            if (device < seconds)
            {
                policy.Observe(decision, new() { HeadSeconds = observation.HeadSeconds, RacedDeviceSeconds = device });
                var patience = Patience * device;
                observation = observation with { HeadSeconds = 0, IsCensored = seconds > patience };
                if (observation.IsCensored)
                    observation = observation with { OffloadSeconds = patience - (seconds - observation.OffloadSeconds), ServerSeconds = 0 };
                _late.Enqueue((decision, observation), clock + Math.Min(seconds, patience));
            }
            else
            {
                policy.Observe(decision, observation);
            }

            (seconds, mean) = (Math.Min(seconds, device), Math.Min(mean, RaceOverhead * scenario.MeanSeconds(onDevice, frame)));
        }
        else
        {
            policy.Observe(decision, observation);
        }

        return new(frame, scenario.Arms[arm].Partition, decision.IsForced, decision.IsRaced, seconds * 1e3, mean * 1e3, scenario.OracleSeconds(frame) * 1e3);
    }

    private (Observation Observation, double Seconds) Measure(int arm, int frame, FrameNoise noise)
    {
        var truth = scenario.Arms[arm];
        var head = noise.Apply(NoiseTerm.Head, truth.HeadMs * scenario.DeviceSlowdown.At(frame), scenario.Noise) / 1e3;
        if (arm == scenario.Arms.Length - 1) return (new() { HeadSeconds = head }, head);
        var link = scenario.Link.At(frame);
        var roundTrip = noise.Apply(NoiseTerm.RoundTrip, link.RttMs, scenario.Noise) / 1e3;
        var transfer = noise.Apply(NoiseTerm.Transfer, truth.PayloadBits / (link.Mbps * 1e3), scenario.Noise) / 1e3;
        var tail = noise.Apply(NoiseTerm.Tail, truth.TailMs * scenario.ServerSlowdown.At(frame), scenario.Noise) / 1e3;
        var offload = roundTrip + transfer + tail;
        return (new()
        {
            HeadSeconds = head,
            OffloadSeconds = offload,
            ServerSeconds = tail,
            BytesSent = (long)Math.Round(truth.PayloadBits / 8),
        }, head + offload);
    }

    private static ArmProfile ProfileOf(ScenarioArm arm) => new()
    {
        Arm = new(new Partition
        {
            Index = arm.Partition,
            Boundary = [],
            TailOutputs = [],
            BoundaryBytes = (long)Math.Ceiling(arm.PayloadBits / 8),
            Head = default,
            Tail = default,
            Refusal = null,
            IsArm = true,
        }, "raw"),
        PayloadBits = arm.PayloadBits,
        TailMacs = arm.Macs,
        TailNodes = arm.Nodes,
    };
}
