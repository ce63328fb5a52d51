using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Server.Scheduling;

namespace SplitInfer.Server.Connections;

/// <summary>What clients are told of the server's load, with everything that it answers.</summary>
internal static class LoadReport
{
    // Sooner, nothing will have changed, ms. 0 says nothing.
    private const uint LeastRetryMs = 10;

    /// <summary>The load as it is now for a client.</summary>
    public static Load Of(ITailScheduler scheduler, in ClientName client)
    {
        var report = new Load();
        Fill(report, scheduler.LoadFor(client.Machine, client.Number));
        return report;
    }

    /// <summary>Writes a load into a message that is there already.</summary>
    public static void Fill(Load report, in ServerLoad load) =>
        (report.Running, report.Queued, report.Places, report.WaitUs, report.Price) = ((uint)load.Running, (uint)load.Queued, (uint)load.Places, (ulong)(load.WaitSeconds * 1e6), (float)load.Price);

    /// <summary>An error about a request; under id 0, about the connection.</summary>
    public static HeaderOnlyMessage Error(ulong id, Refusal refusal, ITailScheduler scheduler, in ClientName client) => new(FrameType.Error, id, Header(refusal, Of(scheduler, client)));

    /// <summary>An error that says nothing of the load.</summary>
    public static HeaderOnlyMessage ErrorWithoutLoad(ulong id, Refusal refusal) => new(FrameType.Error, id, Header(refusal, load: null));

    /// <summary>Says why a model is not opened.</summary>
    public static HeaderOnlyMessage ModelRefused(uint handle, Refusal refusal, ITailScheduler scheduler, in ClientName client) =>
        new(FrameType.ModelRefused, handle, Header(refusal, Of(scheduler, client)));

    private static ErrorHeader Header(Refusal refusal, Load? load) => new()
    {
        Code = (uint)refusal.Code,
        Message = refusal.Message,
        DifferingPartition = (uint)(refusal.DifferingPartition + 1 ?? 0),
        RetryAfterMs = refusal.Code == RefusalCode.Busy || refusal is { Code: RefusalCode.DeadlineExceeded, RetryAfter: not null } ? (uint)Math.Clamp(Math.Ceiling(refusal.RetryAfter?.TotalMilliseconds ?? (load?.WaitUs ?? 0) / 1e3), LeastRetryMs, uint.MaxValue) : 0,
        Load = load,
    };
}
