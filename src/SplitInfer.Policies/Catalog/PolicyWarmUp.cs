namespace SplitInfer.Policies.Catalog;

/// <summary>
/// Has a policy decide and learn in a made-up world whose link changes, before the first request, so that just-in-time compilation does
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
        foreach (var isSingleCore in (bool[])[false, true]) Play(PolicyCatalog.Create(policy, Setup(isSingleCore)));
    }

    private static void Play(IPartitionPolicy policy)
    {
        for (var frame = 0; frame < Frames; frame++)
        {
            // The link gets slow, is lost for some frames, and recovers.
            var secondsPerBit = (frame / 30) switch { 1 => 1 / 1e6, _ => 1 / 50e6 };
            if (frame % 10 == 0) policy.ObserveRoundTrip(server: 0, 5e-3);
            if (frame % 60 == 0) policy.ObserveServerProfile(server: 0, [4e-3, 3e-3, 2e-3, 1e-3]);
            var decision = policy.Decide(new() { Quality = frame % 7 == 0 ? QualityOfService.KeyFrame : default });
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
        }
    }

    private static PolicySetup Setup(bool isSingleCore)
    {
        var heads = new HeadProfile([.. Enumerable.Range(0, Cuts + 1).Select(static cut => cut * 1e8)]);
        for (var cut = 0; cut <= Cuts; cut++) heads.Record(cut, HeadSeconds(cut));
        return new()
        {
            Heads = heads,
            IsSingleCore = isSingleCore,
            Arms = [.. Enumerable.Range(0, Cuts + 1).Select(static cut => new ArmDescription
            {
                Arm = new(cut, Variant: 0, cut, Codec: 0, Exit: 0, cut == Cuts ? Arm.OnDevice : 0),
                PayloadBits = Bits(cut),
                TailMacs = [(Cuts - cut) * 1e8, 0, 0],
                TailNodes = [(Cuts - cut) * 10, 0, 0],
            })],
        };
    }

    private static double HeadSeconds(int cut) => cut * 10e-3;

    private static double Bits(int cut) => cut == Cuts ? 0 : 4e6 / (1 + cut);
}
