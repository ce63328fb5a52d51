using SplitInfer.Protocol;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Testing.Attacks;

/// <summary>What is done with requests.</summary>
internal static class RequestAttacks
{
    // Rows of 4 KiB: a request of 4 MiB, and one that is announced with 24 MiB.
    private const int Rows = 1 << 10, AnnouncedRows = 6 << 10;

    private const int Hoarders = 24, Greedy = 8, InFlight = 16;

    private static readonly TimeSpan Hold = TimeSpan.FromSeconds(1);

    public static IEnumerable<KeyValuePair<string, Attack>> All =>
    [
        new("an allowance held for next to nothing", new(HoardAsync)),
        new("replies that are not read", new(UnreadAsync)),
        new("replies read at one byte a second", new(SipAsync)),
        new("two numbers that become gigabytes", new((target, stop) => CountAsync(target, AttackModels.Expand, 1L << 28, stop))),
        new("a loop without end", new((target, stop) => CountAsync(target, AttackModels.Loop, 1L << 62, stop))),
        new("many requests in flight", new(GreedyAsync) { Hands = Greedy }),
        new("a connection for each request", new(ChurnAsync) { Hands = Greedy }),
        new("cold tails in turn", new(ColdAsync)),
        new("requests that expire at once", new(ExpireAsync)),
        new("requests begun and withdrawn", new(WithdrawAsync)),
        new("ids that were used before", new(DuplicateAsync)),
    ];

    /// <summary>Many large requests are announced, of each a few bytes come, and pings show life.</summary>
    private static async Task HoardAsync(AttackTarget target, CancellationToken stop)
    {
        var peers = new List<WirePeer>();
        try
        {
            for (var i = 0; i < Hoarders; i++)
            {
                var peer = await target.GreetAsync(stop, AttackModels.Wide);
                peers.Add(peer);
                _ = Attack.DrainAsync(peer);
                for (ulong id = 1; id <= 2; id++) await peer.SendAsync(FrameType.Request, id, target.Header(AttackModels.Wide, 0, AnnouncedRows), new byte[8], isLast: false);
            }

            for (ulong ping = 1; ping < 1000 && !stop.IsCancellationRequested; ping++)
            {
                foreach (var peer in peers) await peer.SendAsync(FrameType.Ping, ping);
                await Task.Delay(Hold, stop);
            }
        }
        finally
        {
            peers.ForEach(static peer => peer.Dispose());
        }
    }

    private static async Task UnreadAsync(AttackTarget target, CancellationToken stop)
    {
        using var peer = await target.GreetAsync(stop, AttackModels.Wide, receiveBuffer: 2048);
        var request = new byte[Rows * 4096];
        for (ulong id = 1; id <= InFlight; id++) await peer.SendAsync(AttackTarget.Message(id, target.Header(AttackModels.Wide, 0, Rows), request)).AsTask().WaitAsync(stop);
        await Task.Delay(Hold, stop);
    }

    private static async Task SipAsync(AttackTarget target, CancellationToken stop)
    {
        UnwillingStream? slow = null;
        using var peer = await target.GreetAsync(stop, AttackModels.Wide, receiveBuffer: 2048, wrap: stream => slow = new(stream));
        slow!.ReadPause = Hold;
        var draining = Attack.DrainAsync(peer);
        var request = new byte[Rows * 4096];
        for (ulong id = 1; id <= InFlight && !draining.IsCompleted; id++) await peer.SendAsync(AttackTarget.Message(id, target.Header(AttackModels.Wide, 0, Rows), request)).AsTask().WaitAsync(stop);
        await draining.WaitAsync(stop);
    }

    private static async Task CountAsync(AttackTarget target, string model, long count, CancellationToken stop)
    {
        using var peer = await target.GreetAsync(stop, model);
        var draining = Attack.DrainAsync(peer);
        var payload = AttackTarget.Counted(target.PlanOf(model), count);
        for (ulong id = 1; id <= InFlight; id++) await peer.SendAsync(FrameType.Request, id, target.Header(model), payload);
        await Task.WhenAny(draining, Task.Delay(5 * Hold, stop));
    }

    private static async Task GreedyAsync(AttackTarget target, CancellationToken stop)
    {
        using var peer = await target.GreetAsync(stop, AttackModels.Demo);
        var (header, boundary, id) = (target.Header(AttackModels.Demo), target.Boundary(AttackModels.Demo), 0ul);
        for (; id < InFlight; id++) await peer.SendAsync(AttackTarget.Message(id + 1, header, boundary));
        while (await peer.ReceiveAsync().WaitAsync(stop) is { } frame)
        {
            if (frame.Header.EndOfMessage) await peer.SendAsync(AttackTarget.Message(++id, header, boundary));
        }
    }

    private static async Task ChurnAsync(AttackTarget target, CancellationToken stop)
    {
        using var peer = await target.GreetAsync(stop, AttackModels.Demo);
        await peer.SendAsync(AttackTarget.Message(1, target.Header(AttackModels.Demo), target.Boundary(AttackModels.Demo)));
        await peer.ReceiveAsync().WaitAsync(stop);
    }

    /// <summary>Each tail of a model once, so that the server always has one to load.</summary>
    private static async Task ColdAsync(AttackTarget target, CancellationToken stop)
    {
        using var peer = await target.GreetAsync(stop, AttackModels.Demo);
        var (partitions, id) = (target.PlanOf(AttackModels.Demo).Partitions, 0ul);
        foreach (var partition in partitions.Where(static one => one.IsAdmissible && !one.TailOutputs.IsEmpty && one.Index > 0))
        {
            await peer.SendAsync(AttackTarget.Message(++id, target.Header(AttackModels.Demo, partition.Index), target.Boundary(AttackModels.Demo, partition.Index)));
            await peer.ReceiveAsync().WaitAsync(stop);
            await target.PauseAsync(stop);
        }
    }

    private static async Task ExpireAsync(AttackTarget target, CancellationToken stop)
    {
        using var peer = await target.GreetAsync(stop, AttackModels.Demo);
        var draining = Attack.DrainAsync(peer);
        var (header, boundary) = (target.Header(AttackModels.Demo), target.Boundary(AttackModels.Demo));
        header.BudgetUs = 1;
        for (ulong id = 1; !draining.IsCompleted && !stop.IsCancellationRequested; id++)
        {
            await peer.SendAsync(FrameType.Request, id, header, boundary);
            await target.PauseAsync(stop);
        }
    }

    private static async Task WithdrawAsync(AttackTarget target, CancellationToken stop)
    {
        using var peer = await target.GreetAsync(stop, AttackModels.Wide);
        var draining = Attack.DrainAsync(peer);
        var header = target.Header(AttackModels.Wide, 0, AnnouncedRows);
        for (ulong id = 1; !draining.IsCompleted && !stop.IsCancellationRequested; id++)
        {
            await peer.SendAsync((byte[])[.. WirePeer.Frame(FrameType.Request, id, header, isLast: false), .. WirePeer.Frame(FrameType.Cancel, id)]);
            await target.PauseAsync(stop);
        }
    }

    private static async Task DuplicateAsync(AttackTarget target, CancellationToken stop)
    {
        using var peer = await target.GreetAsync(stop, AttackModels.Demo);
        var (header, boundary) = (target.Header(AttackModels.Demo), target.Boundary(AttackModels.Demo));
        for (var i = 0; i < 3; i++) await peer.SendAsync(FrameType.Request, 1, header, boundary);
        await Attack.DrainAsync(peer).WaitAsync(stop);
    }
}
