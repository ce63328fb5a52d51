using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Server.Scheduling;

namespace SplitInfer.Server.Connections;

/// <summary>What clients are told of the server's load, with everything that it answers.</summary>
internal static class LoadReport
{
    /// <summary>The load as it is now.</summary>
    public static Load Of(ITailScheduler scheduler)
    {
        var report = new Load();
        Fill(report, scheduler.Load);
        return report;
    }

    /// <summary>Writes a load into a message that is there already.</summary>
    public static void Fill(Load report, in ServerLoad load) =>
        (report.Running, report.Queued, report.Places, report.WaitUs) = ((uint)load.Running, (uint)load.Queued, (uint)load.Places, (ulong)(load.WaitSeconds * 1e6));

    /// <summary>An error about a request; under id 0, about the connection.</summary>
    public static HeaderOnlyMessage Error(ulong id, Refusal refusal, ITailScheduler scheduler) => new(FrameType.Error, id, Header(refusal, scheduler));

    /// <summary>Says why a model is not opened.</summary>
    public static HeaderOnlyMessage ModelRefused(uint handle, Refusal refusal, ITailScheduler scheduler) => new(FrameType.ModelRefused, handle, Header(refusal, scheduler));

    private static ErrorHeader Header(Refusal refusal, ITailScheduler scheduler)
    {
        var load = Of(scheduler);
        return new()
        {
            Code = (uint)refusal.Code,
            Message = refusal.Message,
            DifferingPartition = (uint)(refusal.DifferingPartition + 1 ?? 0),
            RetryAfterMs = refusal.Code == RefusalCode.Busy ? (uint)Math.Min(uint.MaxValue, (load.WaitUs + 999) / 1000) : 0,
            Load = load,
        };
    }
}
