using SplitInfer.Policies;

namespace SplitInfer.Simulation.Crowds;

/// <summary>One client of a crowd: has frames, asks its policy, runs heads and races on the device, and tells the policy what came of it.</summary>
/// <param name="index">Its place among the clients.</param>
/// <param name="world">The world.</param>
/// <param name="clock">Its clock.</param>
/// <param name="servers">The servers.</param>
/// <param name="hearsPrices">Whether replies name prices.</param>
internal sealed class CrowdDevice(int index, CrowdWorld world, CrowdClock clock, SharedServer[] servers, bool hearsPrices)
{
    private const double GapSpread = 0.4;

    /// <summary>Seconds between two probes of a link.</summary>
    private const double ProbeInterval = 2;

    private const int FramesOfClient = 1_000_000;

    private readonly CrowdClient _client = world.Clients[index];
    private IPartitionPolicy? _policy;
    private int _frame;
    private int _shadows;
    private double _next;

    /// <summary>What it made of its frames.</summary>
    public List<CrowdFrame> Frames { get; } = [];

    /// <summary>The client.</summary>
    public CrowdClient Client => _client;

    /// <summary>Its policy; null before it has come.</summary>
    public IPartitionPolicy? Policy => _policy;

    /// <summary>It comes.</summary>
    public void Join(IPartitionPolicy policy)
    {
        _policy = policy;
        _next = clock.Now + (new Draws(world.Seed, index, 90).Uniform() / _client.FramesPerSecond);
        Probe(0);
        clock.At(_next, Begin);
    }

    private void Probe(int count)
    {
        if (clock.Now >= _client.LeavesAt) return;
        for (var server = 0; server < servers.Length; server++)
        {
            var noise = 1 + (world.Noise * new Draws(world.Seed, (index * FramesOfClient) + count, 80 + server).Normal());
            _policy!.ObserveRoundTrip(server, Math.Max(_client.Links[server].RttMs, 1e-3) * Math.Max(0.1, noise) / 1e3);
        }

        clock.After(ProbeInterval, () => Probe(count + 1));
    }

    private void Begin()
    {
        if (clock.Now >= _client.LeavesAt) return;
        var frame = _frame++;
        var decision = _policy!.Decide(default);
        var request = new CrowdRequest(decision, clock.Now, SecondsOf(frame, decision.Arm), Whole(frame));
        if (decision.Arm.IsOnDevice)
        {
            clock.After(request.Whole, () => Resolve(request, new() { Decision = decision, HeadSeconds = request.Whole }));
            return;
        }

        Send(request, decision.Arm, frame, request.Sent - clock.Now);
        if (decision.IsRaced) clock.At(request.Start + request.DeviceSeconds, () => DeviceDone(request));
        else if (decision.LateAfterSeconds > 0) clock.At(request.Start + request.Head + decision.LateAfterSeconds, () => RaceLate(request));
        if (decision.Shadow is { } shadow) request.Resolved += () => SendShadow(request, shadow, frame);
    }

    private void Send(CrowdRequest request, Arm arm, int frame, double after)
    {
        var (link, truth) = (_client.Links[arm.Server], ArmOf(arm));
        var roundTrip = Noisy(frame, 10 + arm.Server, link.RttMs / 1e3);
        var transfer = Noisy(frame, 20 + arm.Server, truth.PayloadBits / (link.Mbps * 1e6));
        var run = Noisy(frame, 30 + arm.Server, (truth.TailMs + truth.DecodeMs) * world.Servers[arm.Server].Slowdown / 1e3);
        clock.After(after + (roundTrip / 2) + transfer, () => servers[arm.Server].Arrive(run, (waited, ran) =>
        {
            var (price, places) = (hearsPrices ? servers[arm.Server].Price : 0, hearsPrices ? servers[arm.Server].Places : 0);
            clock.After(roundTrip / 2, () => Reply(request, new()
            {
                Decision = request.Decision with { Arm = arm, Shadow = null },
                Server = ServerOutcome.Replied,
                ServerSeconds = waited + ran,
                QueueSeconds = waited,
                ServerPrice = price,
                ServerPlaces = places,
                BytesSent = (long)(truth.PayloadBits / 8),
            }));
        }));
    }

    private void Reply(CrowdRequest request, Outcome outcome)
    {
        if (outcome.Decision.Arm != request.Decision.Arm)
        {
            if (request.IsShadowGivenUp) return;
            request.HasShadowReplied = true;
            _shadows--;
            _policy!.Observe(outcome with { Kind = OutcomeKind.LateReply, OffloadSeconds = clock.Now - request.ShadowSent });
            return;
        }

        if (request.IsGivenUp) return;
        request.HasReplied = true;
        outcome = outcome with { OffloadSeconds = clock.Now - request.Sent };
        if (request.IsResolved) _policy!.Observe(outcome with { Kind = OutcomeKind.LateReply });
        else Resolve(request, outcome with { HeadSeconds = request.Head, EncodeSeconds = request.Encode });
    }

    private void RaceLate(CrowdRequest request)
    {
        if (request.IsResolved) return;
        request.RaceSince = clock.Now - request.Start;
        clock.After(request.DeviceSeconds - request.Head, () => DeviceDone(request));
    }

    private void DeviceDone(CrowdRequest request)
    {
        if (request.IsResolved) return;
        var decision = request.Decision;
        clock.At(request.Start + request.RaceSince + (RaceModel.PatienceInDeviceDelays * request.DeviceSeconds), () => GiveUp(request));
        Resolve(request, new()
        {
            Decision = decision,
            Server = decision.IsRaced ? ServerOutcome.Pending : ServerOutcome.Overdue,
            HeadSeconds = request.Head,
            EncodeSeconds = request.Encode,
            OffloadSeconds = decision.IsRaced ? 0 : clock.Now - request.Sent,
            DeviceSeconds = request.DeviceSeconds,
        });
    }

    private void GiveUp(CrowdRequest request)
    {
        if (request.HasReplied) return;
        request.IsGivenUp = true;
        _policy!.Observe(new() { Decision = request.Decision, Kind = OutcomeKind.LateReply, Server = ServerOutcome.Abandoned, OffloadSeconds = clock.Now - request.Sent });
    }

    private void Resolve(CrowdRequest request, Outcome outcome)
    {
        request.Resolve();
        var delay = clock.Now - request.Start;
        Frames.Add(new(request.Start, delay, request.Decision.Arm.Index, request.Decision.IsForced, request.Decision.Arm.IsOnDevice, outcome.DeviceSeconds > 0 || request.Decision.IsRaced || request.RaceSince > 0));
        _policy!.Observe(outcome);
        var gap = (1 - GapSpread + (2 * GapSpread * new Draws(world.Seed, (index * FramesOfClient) + _frame, 91).Uniform())) / _client.FramesPerSecond;
        _next = Math.Max(_next + gap, clock.Now);
        clock.At(_next, Begin);
    }

    private void SendShadow(CrowdRequest request, Arm arm, int frame)
    {
        if (_shadows >= RaceModel.MaxLateReplies) return;
        _shadows++;
        request.ShadowSent = clock.Now;
        Send(request, arm, frame, 0);
        clock.After(Math.Max(RaceModel.ShadowPatience * (clock.Now - request.Start), RaceModel.LeastPatienceSeconds), () =>
        {
            if (request.HasShadowReplied) return;
            request.IsShadowGivenUp = true;
            _shadows--;
            _policy!.Observe(new() { Decision = request.Decision with { Arm = arm, Shadow = null }, Kind = OutcomeKind.LateReply, Server = ServerOutcome.Abandoned, OffloadSeconds = clock.Now - request.ShadowSent });
        });
    }

    private ScenarioArm ArmOf(in Arm arm) => arm.IsOnDevice ? world.Arms[^1] : world.Arms[arm.Index % (world.Arms.Length - 1)];

    private (double Head, double Encode) SecondsOf(int frame, in Arm arm)
    {
        var truth = ArmOf(arm);
        return (Noisy(frame, 0, truth.HeadMs * _client.Slowdown / 1e3), Noisy(frame, 0, truth.EncodeMs * _client.Slowdown / 1e3));
    }

    private double Whole(int frame) => Noisy(frame, 0, world.Arms[^1].HeadMs * _client.Slowdown / 1e3);

    private double Noisy(int frame, int stream, double mean) => mean * Math.Max(0.1, 1 + (world.Noise * new Draws(world.Seed, (index * FramesOfClient) + frame, stream).Normal()));
}

/// <summary>What became of a frame.</summary>
/// <param name="At">When it began, s.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="Arm">The arm that was chosen.</param>
/// <param name="IsForced">Whether that was a sample.</param>
/// <param name="IsOnDevice">Whether the device alone ran it.</param>
/// <param name="IsRaced">Whether the device ran beside a server.</param>
internal readonly record struct CrowdFrame(double At, double Seconds, int Arm, bool IsForced, bool IsOnDevice, bool IsRaced);
