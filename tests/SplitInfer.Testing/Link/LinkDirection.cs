using System.Buffers;
using System.Net.Sockets;
using System.Threading.Channels;

namespace SplitInfer.Testing.Link;

/// <summary>One direction of a link, shared by its connections: bytes leave at the rate of the bucket, travel for the delay, and arrive in order.</summary>
internal sealed class LinkDirection(TimeProvider time, LinkConditions conditions)
{
    /// <summary>Bytes that pass at once after a pause: a packet or so, no part of a payload worth the name.</summary>
    private const int BurstBytes = 2048;

    private const int ChunkBytes = 8192;

    /// <summary>Chunks on the way before the sender is held up: 1 s of delay at 50 Mbit/s.</summary>
    private const int ChunksOnTheWay = 768;

    private readonly TokenBucket _bucket = new(time, conditions.BitsPerSecond, BurstBytes);
    private LinkConditions _conditions = conditions;
    private long _bytes;

    public LinkConditions Conditions
    {
        get => Volatile.Read(ref _conditions);
        set
        {
            _bucket.BitsPerSecond = value.BitsPerSecond;
            Volatile.Write(ref _conditions, value);
        }
    }

    /// <summary>Bytes that have arrived.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Carries what one socket sends to another until the sender ends, and passes the end on.</summary>
    public async Task CarryAsync(Socket from, Socket to, CancellationToken cancellationToken)
    {
        var onTheWay = Channel.CreateBounded<Chunk>(ChunksOnTheWay);
        var delivery = DeliverAsync(onTheWay.Reader, to, cancellationToken);
        try
        {
            await SendAsync(from, onTheWay.Writer, cancellationToken);
            onTheWay.Writer.Complete();
        }
        catch (Exception error)
        {
            onTheWay.Writer.Complete(error);
        }

        await delivery;
    }

    private async Task SendAsync(Socket from, ChannelWriter<Chunk> onTheWay, CancellationToken cancellationToken)
    {
        while (true)
        {
            var buffer = ArrayPool<byte>.Shared.Rent(ChunkBytes);
            var receive = from.ReceiveAsync(buffer.AsMemory(0, ChunkBytes), cancellationToken);
            var isBusy = receive.IsCompleted;
            var length = await receive;
            if (length == 0) return;
            await WaitAsync(_bucket.Take(length, isBusy), cancellationToken);
            await onTheWay.WriteAsync(new(buffer, length, time.GetTimestamp()), cancellationToken);
        }
    }

    private async Task DeliverAsync(ChannelReader<Chunk> onTheWay, Socket to, CancellationToken cancellationToken)
    {
        await foreach (var chunk in onTheWay.ReadAllAsync(cancellationToken))
        {
            await WaitAsync(Conditions.Delay - time.GetElapsedTime(chunk.Left), cancellationToken);
            for (var sent = 0; sent < chunk.Length;) sent += await to.SendAsync(chunk.Buffer.AsMemory(sent, chunk.Length - sent), cancellationToken);
            Interlocked.Add(ref _bytes, chunk.Length);
            ArrayPool<byte>.Shared.Return(chunk.Buffer);
        }

        to.Shutdown(SocketShutdown.Send);
    }

    /// <summary>Timers count whole milliseconds; rounded up, so that nothing arrives early.</summary>
    private Task WaitAsync(TimeSpan wait, CancellationToken cancellationToken) => wait > TimeSpan.Zero
        ? Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds)), time, cancellationToken)
        : Task.CompletedTask;

    private readonly record struct Chunk(byte[] Buffer, int Length, long Left);
}
