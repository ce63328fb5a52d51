using SplitInfer.Policies;

namespace SplitInfer.Simulation;

/// <summary>Plays a policy against a scenario on a virtual clock, one frame after the other.</summary>
public sealed class Simulator(Scenario scenario, int seed)
{
    private readonly PriorityQueue<Outcome, double> _late = new();

    /// <summary>What a policy knows of the scenario before the first frame.</summary>
    /// <param name="scenario">The scenario.</param>
    /// <param name="seed">Of policies that draw at random.</param>
    /// <param name="canRace">Whether the device may run a tail beside the server.</param>
    /// <param name="isSingleCore">Whether the policy is told that the device has one core.</param>
    public static PolicySetup SetupOf(Scenario scenario, int seed, bool canRace = true, bool isSingleCore = false)
    {
        var arms = scenario.Arms;
        var profile = new double[arms.Max(static a => a.Partition) + 1];
        var whole = arms[0].Macs.Sum();
        foreach (var arm in arms) profile[arm.Partition] = Math.Max(0, whole - arm.Macs.Sum());
        var heads = new HeadProfile(profile);
        foreach (var arm in arms) heads.Record(arm.Partition, arm.HeadMs / 1e3);
        return new()
        {
            Arms = [.. arms.Select((arm, index) => Describe(arm, index, isOnDevice: index == arms.Length - 1))],
            Heads = heads,
            Servers = [new() { ProfiledTailSeconds = OfflineProfile.TailSeconds(scenario) }],
            Seed = seed,
            CanRace = canRace,
            IsSingleCore = isSingleCore,
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
                policy.Observe(late);
            }

            if (scenario.Probes)
                policy.ObserveRoundTrip(server: 0, noise.Apply(NoiseTerm.Probe, Math.Max(scenario.Link.At(frame).RttMs, 1e-6), scenario.Noise) / 1e3);
            var decision = policy.Decide(new() { Quality = scenario.KeyFrames.Contains(frame) ? QualityOfService.KeyFrame : default });
            var played = Run(policy, decision, frame, noise, clock);
            clock += played.DelayMs / 1e3;
            yield return played;
        }
    }

    private SimulatedFrame Run(IPartitionPolicy policy, in Decision decision, int frame, FrameNoise noise, double clock)
    {
        var arm = decision.Arm.Index;
        var onDevice = scenario.Arms.Length - 1;
        var (outcome, seconds) = Measure(decision, arm, frame, noise);
        var mean = scenario.MeanSeconds(arm, frame);
        if (decision.IsRaced && arm != onDevice)
        {
            var device = Measure(decision, onDevice, frame, noise).Seconds * RaceModel.Overhead;
            if (device < seconds)
            {
                policy.Observe(new() { Decision = decision, Server = ServerOutcome.Pending, HeadSeconds = outcome.HeadSeconds, DeviceSeconds = device });
                var patience = RaceModel.PatienceInDeviceDelays * device;
                outcome = outcome with { Kind = OutcomeKind.LateReply, HeadSeconds = 0 };
                if (seconds > patience)
                    outcome = outcome with { Server = ServerOutcome.Abandoned, OffloadSeconds = patience - (seconds - outcome.OffloadSeconds), ServerSeconds = 0 };
                _late.Enqueue(outcome, clock + Math.Min(seconds, patience));
            }
            else
            {
                policy.Observe(outcome);
            }

            (seconds, mean) = (Math.Min(seconds, device), Math.Min(mean, RaceModel.Overhead * scenario.MeanSeconds(onDevice, frame)));
        }
        else
        {
            policy.Observe(outcome);
        }

        return new(frame, scenario.Arms[arm].Partition, decision.IsForced, decision.IsRaced, seconds * 1e3, mean * 1e3, scenario.OracleSeconds(frame) * 1e3);
    }

    private (Outcome Outcome, double Seconds) Measure(in Decision decision, int arm, int frame, FrameNoise noise)
    {
        var truth = scenario.Arms[arm];
        var head = noise.Apply(NoiseTerm.Head, truth.HeadMs * scenario.DeviceSlowdown.At(frame), scenario.Noise) / 1e3;
        if (arm == scenario.Arms.Length - 1) return (new() { Decision = decision, HeadSeconds = head }, head);
        var link = scenario.Link.At(frame);
        var roundTrip = noise.Apply(NoiseTerm.RoundTrip, link.RttMs, scenario.Noise) / 1e3;
        var transfer = noise.Apply(NoiseTerm.Transfer, truth.PayloadBits / (link.Mbps * 1e3), scenario.Noise) / 1e3;
        var tail = noise.Apply(NoiseTerm.Tail, truth.TailMs * scenario.ServerSlowdown.At(frame), scenario.Noise) / 1e3;
        var offload = roundTrip + transfer + tail;
        return (new()
        {
            Decision = decision,
            Server = ServerOutcome.Replied,
            HeadSeconds = head,
            OffloadSeconds = offload,
            ServerSeconds = tail,
            BytesSent = (long)Math.Round(truth.PayloadBits / 8),
        }, head + offload);
    }

    private static ArmDescription Describe(ScenarioArm arm, int index, bool isOnDevice) => new()
    {
        Arm = new(index, Variant: 0, arm.Partition, Codec: 0, Exit: 0, isOnDevice ? Arm.OnDevice : 0),
        PayloadBits = arm.PayloadBits,
        TailMacs = arm.Macs,
        TailNodes = arm.Nodes,
    };
}
