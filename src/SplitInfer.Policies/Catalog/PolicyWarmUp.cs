namespace SplitInfer.Policies.Catalog;

/// <summary>
/// Has a policy decide and learn in an invented world of one and of two servers whose link changes, before the first request, so that just-in-time compilation does
/// not slow down real requests. The policy that is used later is not touched.
/// </summary>
public static class PolicyWarmUp
{
    private const int Frames = 120;
    private const int Cuts = 4;

    /// <summary>Warms up a policy of the catalogue, for a device of one core and for others. Does nothing for a name that the catalogue does not know.</summary>
    public static void Run(string policy)
    {
        if (!PolicyNames.All.Contains(policy) || policy == PolicyNames.Fixed) return;
        foreach (var isSingleCore in (bool[])[false, true])
            foreach (var servers in (int[])[1, 2]) Play(PolicyCatalog.Create(policy, Setup(servers, isSingleCore)), servers);
    }

    private static void Play(IPartitionPolicy policy, int servers)
    {
        for (var frame = 0; frame < Frames; frame++)
        {
            // The link becomes slow and recovers.
            var secondsPerBit = (frame / 30) switch { 1 => 1 / 1e6, _ => 1 / 50e6 };
            for (var server = 0; server < servers; server++)
            {
                if (frame % 10 == 0) policy.ObserveRoundTrip(server, 5e-3);
                if (frame % 60 == 0) policy.ObserveServerProfile(server, [4e-3, 3e-3, 2e-3, 1e-3]);
            }

            var decision = policy.Decide(new()
            {
                Quality = frame % 7 == 0 ? QualityOfService.KeyFrame : default,
                Objective = frame % 5 == 4 ? Objective.MostAccurateBy : Objective.LeastTime,
                RemainingSeconds = frame % 5 == 4 ? 0.05 : null,
            });
            var arm = decision.Arm;
            var head = HeadSeconds(arm.Cut);
            var outcome = new Outcome { Decision = decision, HeadSeconds = head };
            if (!arm.IsOnDevice)
            {
                var offload = 5e-3 + (Bits(arm.Cut) * secondsPerBit) + 1e-3;
                outcome = frame % 11 == 10
                    ? outcome with { Server = ServerOutcome.Overdue, OffloadSeconds = offload, DeviceSeconds = HeadSeconds(Cuts) }
                    : outcome with { Server = ServerOutcome.Replied, EncodeSeconds = 1e-4, OffloadSeconds = offload, ServerSeconds = 1e-3, BytesSent = (long)(Bits(arm.Cut) / 8) };
            }

            policy.Observe(outcome);
            if (decision.Shadow is { } shadow)
                policy.Observe(outcome with { Decision = decision with { Arm = shadow, Shadow = null }, Kind = OutcomeKind.LateReply, HeadSeconds = 0, DeviceSeconds = 0 });
        }
    }

    private static PolicySetup Setup(int servers, bool isSingleCore)
    {
        var heads = new HeadProfile([.. Enumerable.Range(0, Cuts + 1).Select(static cut => cut * 1e8)]);
        for (var cut = 0; cut <= Cuts; cut++) heads.Record(cut, HeadSeconds(cut));
        return new()
        {
            Heads = heads,
            IsSingleCore = isSingleCore,
            Arms = [.. Enumerable.Range(0, servers).SelectMany(static server => Enumerable.Range(0, Cuts).Select(cut => Describe((server * Cuts) + cut, cut, server))), Describe(servers * Cuts, Cuts, Arm.OnDevice)],
        };
    }

    private static ArmDescription Describe(int index, int cut, int server) => new()
    {
        Arm = new(index, Variant: 0, cut, Codec: 0, Exit: 0, server),
        PayloadBits = Bits(cut),
        TailMacs = [(Cuts - cut) * 1e8, 0, 0],
        TailNodes = [(Cuts - cut) * 10, 0, 0],
    };

    private static double HeadSeconds(int cut) => cut * 10e-3;

    private static double Bits(int cut) => cut == Cuts ? 0 : 4e6 / (1 + cut);
}
