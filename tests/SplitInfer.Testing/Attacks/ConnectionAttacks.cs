using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using SplitInfer.Protocol;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Testing.Attacks;

/// <summary>What is done with connections, before or beside requests.</summary>
internal static class ConnectionAttacks
{
    private const int Idle = 300, Burst = 1500, Slow = 100, HalfOpen = 100;

    // What holds a connection is looked at now and then, and what the server has closed is made anew.
    private static readonly TimeSpan Hold = TimeSpan.FromSeconds(1);

    public static IEnumerable<KeyValuePair<string, Attack>> All =>
    [
        new("connections that say hello and nothing more", new(IdleAsync)),
        new("a burst of connections beyond the file handles", new(BurstAsync)),
        new("connections that come and go", new(ComeAndGoAsync) { Hands = 3 }),
        new("connections that say hello and go", new(GreetAndGoAsync) { Hands = 3 }),
        new("noise in place of a handshake", new(NoiseAsync) { Hands = 2 }),
        new("headers at one byte a second", new(SlowAsync)),
        new("sizes beyond all bounds", new(HugeAsync)),
        new("pings without end", new(PingAsync)),
        new("pings whose answers are not read", new(UnreadPingsAsync)),
        new("models opened and closed", new(OpenAndCloseAsync)),
        new("models that there are not", new(OpenUnknownAsync)),
        new("handshakes of TLS left half done", new(HalfOpenAsync) { IsSecure = true }),
        new("wrong keys", new(WrongKeysAsync) { IsSecure = true, Hands = 2 }),
    ];

    private static async Task IdleAsync(AttackTarget target, CancellationToken stop)
    {
        await HoldAsync(Idle, () => target.GreetAsync(stop), stop);
    }

    private static async Task BurstAsync(AttackTarget target, CancellationToken stop)
    {
        await HoldAsync(Burst, () => target.ConnectAsync(stop), stop);
    }

    private static async Task ComeAndGoAsync(AttackTarget target, CancellationToken stop)
    {
        using var socket = await target.ConnectAsync(stop);
        socket.Close(timeout: 0);
    }

    private static async Task GreetAndGoAsync(AttackTarget target, CancellationToken stop)
    {
        using var peer = await target.GreetAsync(stop);
    }

    private static async Task NoiseAsync(AttackTarget target, CancellationToken stop)
    {
        using var socket = await target.ConnectAsync(stop);
        await socket.SendAsync(RandomNumberGenerator.GetBytes(200), stop);
        await socket.ReceiveAsync(new byte[1000], stop);
    }

    /// <summary>Each connection is in the middle of its first message for as long as the server lets it.</summary>
    private static async Task SlowAsync(AttackTarget target, CancellationToken stop)
    {
        var hello = WirePeer.Frame(FrameType.Hello, 0, new Protocol.Messages.Hello { MinVersion = 1, MaxVersion = 99, Client = new('x', 1000) });
        var sockets = new List<Socket>();
        try
        {
            for (var i = 0; i < Slow; i++) sockets.Add(await target.ConnectAsync(stop));
            foreach (var one in hello)
            {
                foreach (var socket in sockets) await socket.SendAsync(new[] { one }, stop);
                await Task.Delay(Hold, stop);
            }
        }
        finally
        {
            sockets.ForEach(static socket => socket.Dispose());
        }
    }

    private static async Task HugeAsync(AttackTarget target, CancellationToken stop)
    {
        using (var peer = await target.GreetAsync(stop, AttackModels.Wide))
        {
            var id = 0ul;
            foreach (var size in (long[])[long.MaxValue, int.MaxValue, 1L << 40, -1, long.MinValue])
            {
                await peer.SendAsync(FrameType.Request, ++id, target.Header(AttackModels.Wide, 0, size));
                await peer.ReceiveAsync(FrameType.Error).WaitAsync(stop);
            }
        }

        // Lengths of a frame that no frame may have.
        using var other = await target.GreetAsync(stop);
        var frame = WirePeer.Frame(FrameType.Request, 1);
        frame.AsSpan(16, 8).Fill(0xFF);
        await other.SendAsync(frame);
        await Attack.DrainAsync(other).WaitAsync(stop);
    }

    private static async Task PingAsync(AttackTarget target, CancellationToken stop)
    {
        using var peer = await target.GreetAsync(stop);
        var draining = Attack.DrainAsync(peer);
        while (!draining.IsCompleted && !stop.IsCancellationRequested)
        {
            await peer.SendAsync(Repeat(static id => WirePeer.Frame(FrameType.Ping, id), 1, 100)).AsTask().WaitAsync(stop);
            await target.PauseAsync(stop);
        }
    }

    private static async Task UnreadPingsAsync(AttackTarget target, CancellationToken stop)
    {
        using var peer = await target.GreetAsync(stop, receiveBuffer: 2048);
        while (!stop.IsCancellationRequested)
        {
            await peer.SendAsync(Repeat(static id => WirePeer.Frame(FrameType.Ping, id), 1, 100)).AsTask().WaitAsync(stop);
            await target.PauseAsync(stop);
        }
    }

    private static async Task OpenAndCloseAsync(AttackTarget target, CancellationToken stop)
    {
        using var peer = await target.GreetAsync(stop);
        var draining = Attack.DrainAsync(peer);
        var opening = target.Opening(AttackModels.Demo);
        for (ulong handle = 1; !draining.IsCompleted && !stop.IsCancellationRequested; handle += 50)
        {
            await peer.SendAsync(Repeat(id => [.. WirePeer.Frame(FrameType.OpenModel, id, opening), .. WirePeer.Frame(FrameType.CloseModel, id)], handle, 50)).AsTask().WaitAsync(stop);
            await target.PauseAsync(stop);
        }
    }

    private static async Task OpenUnknownAsync(AttackTarget target, CancellationToken stop)
    {
        using var peer = await target.GreetAsync(stop);
        var draining = Attack.DrainAsync(peer);
        var opening = target.Opening(AttackModels.Demo);
        opening.Model = new string('\u0007', 1000);
        for (ulong handle = 1; !draining.IsCompleted && !stop.IsCancellationRequested; handle += 50)
        {
            await peer.SendAsync(Repeat(id => WirePeer.Frame(FrameType.OpenModel, id, opening), handle, 50)).AsTask().WaitAsync(stop);
            await target.PauseAsync(stop);
        }
    }

    /// <summary>A client hello and then nothing; some send a part of it.</summary>
    private static async Task HalfOpenAsync(AttackTarget target, CancellationToken stop)
    {
        var count = 0;
        await HoldAsync(HalfOpen, async () =>
        {
            var stream = new UnwillingStream(new NetworkStream(await target.ConnectAsync(stop), ownsSocket: true)) { Sends = ++count % 2 == 0 ? 100 : int.MaxValue, ReadPause = Timeout.InfiniteTimeSpan };
            var secure = new SslStream(stream, leaveInnerStreamOpen: false, static (_, certificate, _, _) => certificate is not null);
            _ = secure.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "localhost" }, stop).ContinueWith(static handshake => _ = handshake.Exception, TaskScheduler.Default);
            return secure;
        }, stop);
    }

    private static Task WrongKeysAsync(AttackTarget target, CancellationToken stop) => target.TryKeyAsync(Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)), stop);

    /// <summary>Makes connections, keeps them for a while and lets them go.</summary>
    private static async Task HoldAsync<T>(int count, Func<Task<T>> connect, CancellationToken stop) where T : IDisposable
    {
        var held = new List<T>();
        try
        {
            for (var i = 0; i < count; i++)
            {
                try
                {
                    held.Add(await connect());
                }
                catch (Exception error) when (error is SocketException or IOException or InvalidOperationException)
                {
                    // The server has no room for it; there may be some for the next.
                }
            }

            await Task.Delay(Hold, stop);
        }
        finally
        {
            held.ForEach(static one => one.Dispose());
        }
    }

    private static byte[] Repeat(Func<ulong, byte[]> frame, ulong first, int count) => [.. Enumerable.Range(0, count).SelectMany(i => frame(first + (ulong)i))];
}
