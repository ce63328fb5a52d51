using System.Collections.Immutable;
using SplitInfer.Policies;
using SplitInfer.Policies.Sharing;

namespace SplitInfer.Simulation;

/// <summary>Plays a policy against a scenario on a virtual clock, one frame after the other.</summary>
public sealed class Simulator(Scenario scenario, int seed)
{
    private readonly PriorityQueue<Outcome, double> _late = new();
    private readonly PriorityQueue<int, double> _shadows = new();
    private readonly Dictionary<(int Variant, int Partition, int Codec, int Exit, int Server), int> _choices = [];

    /// <summary>What a policy knows of the scenario before the first frame.</summary>
    /// <param name="scenario">The scenario.</param>
    /// <param name="seed">Of policies that draw at random.</param>
    /// <param name="canRace">Whether the device may run a tail beside the server.</param>
    /// <param name="isSingleCore">Whether the policy is told that the device has one core.</param>
    public static PolicySetup SetupOf(Scenario scenario, int seed, bool canRace = true, bool isSingleCore = false) => SetupOf(scenario, seed, TimeProvider.System, canRace, isSingleCore);

    /// <summary>The same with a clock.</summary>
    internal static PolicySetup SetupOf(Scenario scenario, int seed, TimeProvider time, bool canRace = true, bool isSingleCore = false, KindPrior? prior = null)
    {
        var arms = scenario.Arms;
        var errors = new TableErrors(scenario.TableError, seed);
        ImmutableArray<ImmutableArray<double>> profiles = [.. Enumerable.Range(0, arms.Max(static a => a.Variant) + 1).Select(variant => HeadWork([.. arms.Where(a => a.Variant == variant)]))];
        var heads = new HeadProfile(profiles);
        foreach (var arm in arms) heads.Record(arm.Variant, arm.Partition, errors.Apply(TableErrors.Head, arm, arm.HeadMs) / 1e3);
        return new()
        {
            Arms = [.. Enumerable.Range(0, scenario.Choices).Select(choice => Describe(scenario.ArmOf(choice), choice, scenario.ServerOf(choice), errors))],
            Heads = heads,
            HeadDeviation = Math.Max(0.02, scenario.TableError),
            PayloadDeviation = Math.Max(0, scenario.TableError),
            Servers = [.. scenario.Servers.Select(static server => new ServerSetup { Name = server.Name })],
            Seed = seed,
            Time = time,
            Prior = prior ?? KindPrior.Empty,
            CanRace = canRace,
            RacesLateReplies = scenario.LateRaces,
            IsSingleCore = isSingleCore,
        };
    }

    /// <summary>Plays all frames. All servers are connected, and have told their profile, before the first one.</summary>
    public IEnumerable<SimulatedFrame> Play(IPartitionPolicy policy) => new Simulator(scenario, seed).Run(policy);

    // On an instance of its own, so that several plays can be under way.
    private IEnumerable<SimulatedFrame> Run(IPartitionPolicy policy)
    {
        var clock = 0.0;
        var unavailable = 0UL;
        var profile = OfflineProfile.TailSeconds(scenario);
        for (var server = 0; server < scenario.Servers.Length; server++) policy.ObserveServerProfile(server, profile);
        for (var frame = 0; frame < scenario.Frames; frame++)
        {
            var noise = new FrameNoise(seed, frame);
            while (_late.TryPeek(out var late, out var arrival) && arrival <= clock)
            {
                _late.Dequeue();
                policy.Observe(late);
            }

            var failed = Probe(policy, frame, noise, clock, ref unavailable);
            var decision = policy.Decide(new()
            {
                Quality = scenario.KeyFrames.Contains(frame) ? QualityOfService.KeyFrame : default,
                UnavailableServers = unavailable,
                MinAccuracy = scenario.MinAccuracy,
                Objective = scenario.DeadlineMs is null ? Objective.LeastTime : Objective.MostAccurateBy,
                RemainingSeconds = scenario.DeadlineMs / 1e3,
            });
            var played = Run(policy, decision, frame, noise, clock);
            if (decision is { Shadow: { } shadow, Arm.IsOnDevice: false } && played.Exit == 0)
            {
                SendShadow(decision, shadow, played.DelayMs / 1e3, frame, noise, clock);
                if (!scenario.Servers[shadow.Server].Availability.At(frame)) failed |= 1UL << shadow.Server;
                played = played with { DelayMs = RaceModel.ShadowOverhead * played.DelayMs, MeanMs = RaceModel.ShadowOverhead * played.MeanMs };
            }

            if (played.Server >= 0 && !scenario.Servers[played.Server].Availability.At(frame)) failed |= 1UL << played.Server;
            unavailable |= failed;
            clock += played.DelayMs / 1e3;
            yield return played;
        }
    }

    // Measures round trips where the scenario has probes, and notes which servers are up again. Says which did not answer; a policy is
    // told at the next frame, as a client would be.
    private ulong Probe(IPartitionPolicy policy, int frame, FrameNoise noise, double clock, ref ulong unavailable)
    {
        var failed = 0UL;
        for (var index = 0; index < scenario.Servers.Length; index++)
        {
            var server = scenario.Servers[index];
            if (server.Availability.At(frame)) unavailable &= ~(1UL << index);
            if (!scenario.Probes) continue;
            if (!server.Availability.At(frame)) failed |= 1UL << index;
            else policy.ObserveRoundTrip(index, noise.Apply(NoiseTerm.Probe, Math.Max(server.RttMs(frame, clock), 1e-6), scenario.Noise, index) / 1e3);
        }

        return failed;
    }

    private SimulatedFrame Run(IPartitionPolicy policy, in Decision decision, int frame, FrameNoise noise, double clock)
    {
        var choice = ChoiceOf(decision.Arm);
        var local = decision.Local is { } standIn ? ChoiceOf(standIn) : scenario.LocalOf(decision.Arm.Variant);
        var server = scenario.ServerOf(choice);
        var truth = Measure(choice, local, frame, noise, scenario.Noise, clock, noise.Difficulty());
        if (scenario.DeadlineMs is { } deadlineMs) return RunBy(deadlineMs / 1e3, policy, decision, truth, choice, local, frame, clock);
        var seconds = truth.Seconds(decision, scenario.LateRaces);
        foreach (var (outcome, delay) in truth.Outcomes(decision, scenario.LateRaces))
        {
            if (delay <= seconds) policy.Observe(outcome);
            else _late.Enqueue(outcome, clock + delay);
        }

        var exit = truth.HasLeft ? truth.Exit : 0;
        if (exit != 0) server = -1;
        return new(frame, scenario.ArmOf(choice).Partition, decision.IsForced, decision.IsRaced && server >= 0, seconds * 1e3,
            MeanSeconds(decision, choice, local, frame, noise, clock) * 1e3, scenario.OracleSeconds(frame, clock) * 1e3, server, exit, scenario.ArmOf(choice).Accuracy);
    }

    private SimulatedFrame RunBy(double deadline, IPartitionPolicy policy, in Decision decision, in SimulatedRequest truth, int choice, int local, int frame, double clock)
    {
        var arm = scenario.ArmOf(choice);
        var request = new SimulatedDeadline(truth, decision, deadline, arm.Accuracy, scenario.ArmOf(local).Accuracy, arm.Exit?.Rate ?? 0);
        foreach (var (outcome, delay) in request.Outcomes())
        {
            if (delay <= deadline) policy.Observe(outcome);
            else _late.Enqueue(outcome, clock + delay);
        }

        var exit = truth.HasLeft ? truth.Exit : 0;
        var mean = Math.Min(scenario.MeanSeconds(choice, frame, clock), deadline) * 1e3;
        return new(frame, arm.Partition, decision.IsForced, IsRaced: false, request.Seconds * 1e3, mean, scenario.OracleSeconds(frame, clock) * 1e3, exit != 0 ? -1 : scenario.ServerOf(choice), exit, request.Right);
    }

    /// <summary>By arm: mean accuracy at the deadline if it is taken for every frame, without anything that stands in.</summary>
    internal double[] AccuraciesByDeadline()
    {
        var deadline = scenario.DeadlineMs!.Value / 1e3;
        var means = new double[scenario.Choices];
        for (var frame = 0; frame < scenario.Frames; frame++)
        {
            var noise = new FrameNoise(seed, frame);
            for (var choice = 0; choice < means.Length; choice++)
            {
                var arm = scenario.ArmOf(choice);
                var truth = Measure(choice, scenario.LocalOf(arm.Variant), frame, noise, scenario.Noise, clock: 0, noise.Difficulty());
                means[choice] += new SimulatedDeadline(truth, default, deadline, arm.Accuracy, 0, arm.Exit?.Rate ?? 0).Right / scenario.Frames;
            }
        }

        return means;
    }

    // Over all inputs, which the exits of the arm and of what stands in for it divide into those that the one answers, the other or neither.
    private double MeanSeconds(in Decision decision, int choice, int local, int frame, FrameNoise noise, double clock)
    {
        var mean = 0.0;
        var (own, other) = (scenario.ArmOf(choice).Exit?.Rate ?? 0, scenario.ArmOf(local).Exit?.Rate ?? 0);
        var (from, until) = (0.0, Math.Min(own, other));
        for (var part = 0; part < 3; part++)
        {
            if (until > from) mean += (until - from) * Measure(choice, local, frame, noise, scale: 0, clock, (from + until) / 2).Seconds(decision, scenario.LateRaces);
            (from, until) = (until, part == 0 ? Math.Max(own, other) : 1);
        }

        return mean;
    }

    // Sends the boundary to a second server when the request has its result. Links of different servers do not share their capacity.
    private void SendShadow(in Decision decision, in Arm arm, double seconds, int frame, FrameNoise noise, double clock)
    {
        while (_shadows.TryPeek(out _, out var ended) && ended <= clock + seconds) _shadows.Dequeue();
        if (_shadows.Count >= RaceModel.MaxLateReplies) return;
        var choice = ChoiceOf(arm);
        var truth = Measure(choice, scenario.LocalOf(arm.Variant), frame, noise, scenario.Noise, clock, difficulty: 1, sentAfter: seconds);
        var patience = Math.Max(RaceModel.ShadowPatience * seconds, RaceModel.LeastPatienceSeconds);
        var arrival = clock + seconds + Math.Min(truth.Offload, patience);
        _shadows.Enqueue(0, arrival);
        _late.Enqueue(truth.ShadowReply(decision with { Arm = arm, Shadow = null }, patience), arrival);
    }

    // A boundary is sent after the head unless another time is given, s after the frame began.
    private SimulatedRequest Measure(int choice, int local, int frame, FrameNoise noise, double scale, double clock, double difficulty, double? sentAfter = null)
    {
        var (truth, standIn) = (scenario.ArmOf(choice), scenario.ArmOf(local));
        var slowdown = scenario.DeviceSlowdown.At(frame);
        var head = noise.Apply(NoiseTerm.Head, truth.HeadMs * slowdown, scale) / 1e3;
        var evaluate = (truth.Exit?.Ms ?? 0) * slowdown / 1e3;
        var hasLeft = truth.Exit is { } exit && exit.Answers(difficulty);
        var encode = noise.Apply(NoiseTerm.Head, truth.EncodeMs * slowdown, scale) / 1e3;
        bool? standInLeaves = standIn.Exit is { } other ? other.Answers(difficulty) : null;
        var toExit = noise.Apply(NoiseTerm.Head, standIn.HeadMs * slowdown, scale) / 1e3;
        var whole = noise.Apply(NoiseTerm.Head, (standIn.HeadMs + (standInLeaves is true ? 0 : scenario.WholeRestMs(standIn))) * slowdown, scale) / 1e3;
        var anew = standIn.Variant != truth.Variant;
        var index = scenario.ServerOf(choice);
        if (index < 0 || hasLeft)
        {
            if (!hasLeft) head = noise.Apply(NoiseTerm.Head, (truth.HeadMs + scenario.WholeRestMs(truth)) * slowdown, scale) / 1e3;
            return new() { Head = head, Evaluate = evaluate, Whole = whole, Exit = hasLeft ? truth.Exit!.Id : 0 };
        }

        var server = scenario.Servers[index];
        var request = new SimulatedRequest { Head = head, Evaluate = evaluate, Encode = encode, Whole = whole, BeginsAnew = anew, StandInLeaves = standInLeaves, StandInHead = toExit, Exit = standInLeaves is true ? standIn.Exit!.Id : 0 };
        if (!server.Availability.At(frame)) return request with { Offload = server.FailureMs / 1e3, Fails = true };
        var (rttMs, transferMs) = server.LinkMs(truth.PayloadBits, frame, (clock + (sentAfter ?? (head + evaluate + encode))) * 1e3);
        var roundTrip = noise.Apply(NoiseTerm.RoundTrip, rttMs, scale, index) / 1e3;
        var transfer = noise.Apply(NoiseTerm.Transfer, transferMs, scale, index) / 1e3;
        var tail = noise.Apply(NoiseTerm.Tail, (truth.TailMs + truth.DecodeMs) * server.Slowdown.At(frame), scale, index) / 1e3;
        return request with { Offload = roundTrip + transfer + tail, Tail = tail, Bytes = (long)Math.Round(truth.PayloadBits / 8) };
    }

    // Work of the heads of one variant, by partition.
    private static ImmutableArray<double> HeadWork(ScenarioArm[] arms)
    {
        var work = new double[arms.Length == 0 ? 1 : arms.Max(static arm => arm.Partition) + 1];
        foreach (var arm in arms.OrderBy(static arm => arm.Exit is null)) work[arm.Partition] = Math.Max(0, arms[0].Macs.Sum() - arm.Macs.Sum());
        return [.. work];
    }

    // A policy may have been given some of the arms only, under other numbers.
    private int ChoiceOf(in Arm arm)
    {
        if (_choices.Count == 0)
        {
            for (var choice = 0; choice < scenario.Choices; choice++)
            {
                var known = scenario.ArmOf(choice);
                _choices[(known.Variant, known.Partition, known.Codec, known.Exit?.Id ?? 0, scenario.ServerOf(choice))] = choice;
            }
        }

        return _choices[(arm.Variant, arm.Cut, arm.Codec, arm.Exit, arm.Server)];
    }

    private static ArmDescription Describe(ScenarioArm arm, int index, int server, TableErrors errors) => new()
    {
        Arm = new(index, arm.Variant, arm.Partition, arm.Codec, arm.Exit?.Id ?? 0, server),
        PayloadBits = errors.Apply(TableErrors.Payload, arm, arm.PayloadBits),
        EncodeSeconds = arm.EncodeMs / 1e3,
        DecodeSeconds = arm.DecodeMs / 1e3,
        Accuracy = arm.Accuracy,
        ExitRate = errors.Rate(arm),
        ExitSeconds = (arm.Exit?.Ms ?? 0) / 1e3,
        TailMacs = arm.Macs,
        TailNodes = arm.Nodes,
        TailSeconds = server >= 0 && errors.TellsTails ? errors.Apply(TableErrors.Tail, arm, arm.TailMs) / 1e3 : 0,
    };
}
