using System.Collections.Immutable;
using SplitInfer.Policies;

namespace SplitInfer.Simulation.Families;

/// <summary>Simulates requests of one cell, one after the other, on a virtual clock.</summary>
/// <param name="scenario">The family.</param>
/// <param name="network">The network of the cell.</param>
/// <param name="deadlineMs">The deadline of the cell, ms from the call.</param>
/// <param name="seed">Makes all delays.</param>
public sealed class FamilySimulator(FamilyScenario scenario, Network network, double deadlineMs, int seed)
{
    private readonly FamilyDevice _device = new(scenario, deadlineMs / 1e3);

    /// <summary>What a policy knows of a family before the first request: a whole model on the server for each variant, and one on the device where it has it.</summary>
    /// <param name="scenario">The family.</param>
    /// <param name="hedge">When the device runs a model beside the server.</param>
    /// <param name="seed">Of policies that draw at random.</param>
    public static PolicySetup SetupOf(FamilyScenario scenario, Hedge hedge = Hedge.WhenLate, int seed = 0)
    {
        var variants = scenario.Variants;
        var heads = new HeadProfile([.. variants.Select(static variant => (ImmutableArray<double>)[0, Work(variant)])]);
        for (var variant = 0; variant < variants.Length; variant++)
        {
            heads.Record(variant, 0, 0);
            if (variants[variant].Device is { } device) heads.Record(variant, 1, device.MeanMs / 1e3);
        }

        var remote = Enumerable.Range(0, variants.Length).Where(variant => variants[variant].Server is not null).ToArray();
        return new()
        {
            Arms =
            [
                .. remote.Select((variant, index) => Describe(variants[variant], new(index, variant, Cut: 0, Codec: 0, Exit: 0, Server: 0))),
                .. FamilyDevice.VariantsOf(scenario).Select((variant, index) => Describe(variants[variant], new(remote.Length + index, variant, Cut: 1, Codec: 0, Exit: 0, Arm.OnDevice))),
            ],
            Heads = heads,
            Servers = [new() { Name = "server" }],
            Hedge = hedge,
            Seed = seed,
        };
    }

    /// <summary>What a request of the cell takes, whoever chooses.</summary>
    internal FamilyDraw Draw(int request)
    {
        var (outDraws, backDraws, server, device) = (new Draws(seed, request, 0), new Draws(seed, request, 1), new Draws(seed, request, 2), new Draws(seed, request, 3));
        var outMs = network.Out.SampleMs(ref outDraws, request);
        return new(outMs, network.Back?.SampleMs(ref backDraws, request) ?? outMs, server.Normal(), device.Normal());
    }

    /// <summary>Simulates all requests.</summary>
    /// <param name="policy">Who chooses; made for <see cref="SetupOf"/>.</param>
    public IEnumerable<FamilyRequest> Play(IPartitionPolicy policy)
    {
        var (clock, deadline) = (0.0, deadlineMs / 1e3);
        var lateReplies = new PriorityQueue<Outcome, double>();
        for (var request = 0; request < scenario.Requests; request++)
        {
            while (lateReplies.TryPeek(out var late, out var arrival) && arrival <= clock)
            {
                lateReplies.Dequeue();
                policy.Observe(late);
            }

            var draw = Draw(request);
            if (scenario.Probes) policy.ObserveRoundTrip(0, Probe(request) / 1e3);
            var uplink = scenario.ChoosesOnServer ? draw.OutMs / 1e3 : 0;
            var decision = policy.Decide(new()
            {
                Objective = Objective.MostAccurateBy,
                RemainingSeconds = deadline - uplink,
                UplinkSeconds = uplink,
                MinAccuracy = scenario.MinAccuracy,
            });
            var played = decision.Arm.IsOnDevice ? RunLocal(policy, decision, draw, deadline) : RunRemote(policy, decision, draw, deadline, uplink, clock, lateReplies);
            clock += played.Seconds;
            yield return played;
        }
    }

    private double Probe(int request)
    {
        var (outDraws, backDraws) = (new Draws(seed, request, 4), new Draws(seed, request, 5));
        var outMs = network.Out.SampleMs(ref outDraws, request);
        return outMs + (network.Back?.SampleMs(ref backDraws, request) ?? outMs);
    }

    private FamilyRequest RunLocal(IPartitionPolicy policy, in Decision decision, in FamilyDraw draw, double deadline)
    {
        var (variant, start) = _device.Alone(decision, draw);
        var seconds = scenario.Variants[variant].Device!.SampleMs(draw.DeviceNormal) / 1e3;
        policy.Observe(new() { Decision = decision with { Arm = LocalArm(variant) }, HeadSeconds = seconds });
        return new(decision, start + seconds <= deadline ? scenario.Variants[variant].Accuracy : 0, IsLate: false, IsHedged: false, start + seconds);
    }

    private FamilyRequest RunRemote(IPartitionPolicy policy, in Decision decision, in FamilyDraw draw, double deadline, double uplink, double clock, PriorityQueue<Outcome, double> lateReplies)
    {
        var variant = scenario.Variants[decision.Arm.Variant];
        var onServer = variant.Server!.SampleMs(draw.ServerNormal) / 1e3;
        var reply = ((draw.OutMs + draw.BackMs) / 1e3) + onServer;
        var beside = _device.Beside(decision, draw) is { } run && reply > run.Start ? run : default((int Variant, double Start)?);
        var local = beside is { } hedge ? scenario.Variants[hedge.Variant] : null;
        var device = (local?.Device!.SampleMs(draw.DeviceNormal) ?? 0) * RaceModel.Overhead / 1e3;
        var localEnd = beside is { } begun ? begun.Start + device : double.PositiveInfinity;
        var isLate = reply > deadline;
        var accuracy = !isLate ? variant.Accuracy : localEnd <= deadline ? local!.Accuracy : 0;
        var seconds = isLate ? deadline : reply;
        var done = decision with { Local = beside is { } one ? LocalArm(one.Variant) : null, HedgeAfterSeconds = beside?.Start };
        var replied = new Outcome { Decision = done, Server = ServerOutcome.Replied, OffloadSeconds = reply - uplink, ServerSeconds = onServer, BytesSent = 1 };

        // Once it is of no use any more the device stops; what it does past a deadline that it missed it does to the end, since that teaches.
        var ran = beside is not null && (isLate || localEnd <= seconds) ? device : 0;
        if (!isLate) policy.Observe(replied with { DeviceSeconds = ran });
        else
        {
            // By the time the server knows of the request it may be too late for an answer.
            if (deadline > uplink) policy.Observe(new() { Decision = done, Server = ServerOutcome.Overdue, OffloadSeconds = deadline - uplink, DeviceSeconds = ran });
            var patience = RaceModel.PatienceInDeadlines * deadline;
            replied = replied with { Kind = OutcomeKind.LateReply };
            if (reply > patience) replied = replied with { Server = ServerOutcome.Abandoned, OffloadSeconds = Math.Max(patience - uplink, 0), ServerSeconds = 0 };
            lateReplies.Enqueue(replied, clock + Math.Min(reply, patience));
        }

        return new(decision, accuracy, isLate, IsHedged: beside is not null, seconds);
    }

    private Arm LocalArm(int variant) =>
        new(scenario.Variants.Count(static v => v.Server is not null) + FamilyDevice.VariantsOf(scenario).IndexOf(variant), variant, Cut: 1, Codec: 0, Exit: 0, Arm.OnDevice);

    private static double Work(FamilyVariant variant) => 1e7 * (variant.Server ?? variant.Device)!.MeanMs;

    private static ArmDescription Describe(FamilyVariant variant, Arm arm) => new()
    {
        Arm = arm,
        PayloadBits = 0,
        Accuracy = variant.Accuracy,
        TailSeconds = arm.IsOnDevice ? 0 : variant.Server!.MeanMs / 1e3,
        TailMacs = [arm.IsOnDevice ? 0 : Work(variant)],
        TailNodes = [arm.IsOnDevice ? 0 : 1],
    };
}

/// <summary>What a simulated request took and brought.</summary>
/// <param name="Decision">What the policy chose.</param>
/// <param name="Accuracy">Accuracy of the answer that was there at the deadline; 0 where there was none.</param>
/// <param name="IsLate">Whether a server was asked and its reply was not there at the deadline.</param>
/// <param name="IsHedged">Whether a server was asked and the device ran a model as well.</param>
/// <param name="Seconds">When the caller had its answer, or gave up, s from the call.</param>
public readonly record struct FamilyRequest(Decision Decision, double Accuracy, bool IsLate, bool IsHedged, double Seconds);

/// <summary>What one request takes on the network, and how far it is from the mean on server and device, in standard deviations.</summary>
internal readonly record struct FamilyDraw(double OutMs, double BackMs, double ServerNormal, double DeviceNormal);
