using Microsoft.Extensions.Time.Testing;
using SplitInfer.Codecs.Raw;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Tensors;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Core.Tests.Protocol;

public class FrameConnectionTests
{
    private static readonly TimeSpan JustBefore = Wires.StallTimeout * 0.9;

    [Fact]
    public async Task Messages_that_are_sent_at_the_same_time_take_turns()
    {
        var (near, far) = DuplexStream.CreatePair(capacity: 4096);
        using var connection = Wires.Connect(near);
        using var peer = new WirePeer(far);
        var large = connection.Writer.SendAsync(Message(1 << 20)).AsTask();
        var small = connection.Writer.SendAsync(new HeaderOnlyMessage(FrameType.Ping, 2)).AsTask();
        Assert.Equal(FrameType.Request, (await peer.ReceiveAsync())!.Header.Type);
        Assert.Equal(FrameType.Ping, (await peer.ReceiveAsync())!.Header.Type);
        while ((await peer.ReceiveAsync(FrameType.Data)).Header is { EndOfMessage: false }) { }

        await Task.WhenAll(large, small);
    }

    [Fact]
    public async Task A_peer_that_stops_in_the_middle_of_a_frame_is_left()
    {
        var time = new FakeTimeProvider();
        var (near, far) = DuplexStream.CreatePair();
        using var connection = Wires.Connect(near, time);
        using var peer = new WirePeer(far);
        await peer.SendAsync(WirePeer.Frame(FrameType.Ping, 1).AsMemory(0, 10));
        var reading = ReadAsync(connection);
        await Until(() => Advance(time, connection, TimeSpan.FromSeconds(1)));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => reading);
        Assert.Contains("stopped in the middle", Assert.IsType<TimeoutException>(connection.Failure).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_peer_that_sends_a_byte_now_and_then_is_left()
    {
        var time = new FakeTimeProvider();
        var (near, far) = DuplexStream.CreatePair();
        using var connection = Wires.Connect(near, time);
        using var peer = new WirePeer(far);
        var frame = WirePeer.Frame(FrameType.Request, 1, new RequestHeader(), new byte[4000]);
        var reading = ReadAsync(connection);
        var sent = 0;
        await Until(() =>
        {
            // A reader that gets no turn for long must not make the test run out of bytes.
            if (sent < 500) peer.SendAsync(frame.AsMemory(sent++, 1)).AsTask().Wait();
            return Advance(time, connection, JustBefore / 4);
        });
        Assert.InRange(sent, 2, 500);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => reading);
    }

    [Fact]
    public async Task A_peer_that_takes_nothing_is_left()
    {
        var time = new FakeTimeProvider();
        var (near, far) = DuplexStream.CreatePair(capacity: 100);
        using var connection = Wires.Connect(near, time);
        using var peer = new WirePeer(far);
        var sending = connection.Writer.SendAsync(Message(1000)).AsTask();
        await Until(() => Advance(time, connection, TimeSpan.FromSeconds(1)));
        await Assert.ThrowsAnyAsync<Exception>(() => sending);
        Assert.Contains("took nothing", connection.Failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_peer_that_takes_a_frame_slowly_is_not_left()
    {
        const int Bytes = 250 << 10, Piece = 16 << 10;
        var time = new FakeTimeProvider();
        var (near, far) = DuplexStream.CreatePair(capacity: Piece);
        using var connection = Wires.Connect(near, time);
        var sending = connection.Writer.SendAsync(Message(Bytes)).AsTask();
        var (taken, room) = (0, new byte[Piece]);
        while (taken < Bytes)
        {
            var before = taken / Piece;
            taken += await far.ReadAsync(room);
            time.Advance(Wires.StallTimeout / 10 * ((taken / Piece) - before));
        }

        await sending;
        Assert.Null(connection.Failure);
    }

    [Fact]
    public async Task A_peer_that_has_nothing_to_say_is_not()
    {
        var time = new FakeTimeProvider();
        var (near, far) = DuplexStream.CreatePair();
        using var connection = Wires.Connect(near, time);
        using var peer = new WirePeer(far);
        var reading = connection.Reader.ReadFrameAsync().AsTask();
        time.Advance(Wires.StallTimeout * 100);
        await peer.SendAsync(FrameType.Ping, 1);
        Assert.True(await reading);
        Assert.Null(connection.Failure);
    }

    [Fact]
    public async Task A_final_error_lets_the_other_end_read_the_last_message()
    {
        var (near, far) = DuplexStream.CreatePair();
        using var connection = Wires.Connect(near);
        using var peer = new WirePeer(far);
        await peer.SendAsync(new byte[100_000]);
        var leaving = connection.SendFinalErrorAsync(Error("Later."));
        Assert.Equal("Later.", (await peer.ReceiveAsync(FrameType.Error)).Read(ErrorHeader.Parser).Message);
        peer.Dispose();
        await leaving;
    }

    [Fact]
    public async Task A_final_error_does_not_wait_for_ever()
    {
        var time = new FakeTimeProvider();
        var (near, far) = DuplexStream.CreatePair();
        using var connection = Wires.Connect(near, time);
        using var peer = new WirePeer(far);
        var leaving = connection.SendFinalErrorAsync(Error("Later."));
        await Until(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return leaving.IsCompleted;
        });
        await leaving;
    }

    [Fact]
    public async Task Progress_is_what_comes_and_room_for_payload_that_waits_but_not_what_a_buffer_takes()
    {
        var time = new FakeTimeProvider();
        var (near, far) = DuplexStream.CreatePair(capacity: 1000);
        using var connection = Wires.Connect(near, time);
        using var peer = new WirePeer(far);
        time.Advance(TimeSpan.FromSeconds(1));
        await connection.Writer.SendAsync(new HeaderOnlyMessage(FrameType.Ping, 1));
        Assert.Equal(TimeSpan.FromSeconds(1), time.GetElapsedTime(connection.Writer.RoomMadeAt));
        await connection.Writer.SendAsync(Message(100));
        Assert.Equal(TimeSpan.FromSeconds(1), time.GetElapsedTime(connection.Writer.RoomMadeAt));

        var sending = connection.Writer.SendAsync(Message(5000)).AsTask();
        await peer.ReceiveAsync(FrameType.Ping);
        await peer.ReceiveAsync(FrameType.Request);
        await peer.ReceiveAsync(FrameType.Request);
        await sending;
        Assert.Equal(TimeSpan.Zero, time.GetElapsedTime(connection.Writer.RoomMadeAt));

        Assert.Equal(TimeSpan.FromSeconds(1), time.GetElapsedTime(connection.Reader.ReceivedAt));
        await peer.SendAsync(new byte[] { 0x53 });
        var reading = connection.Reader.ReadFrameAsync().AsTask();
        await Until(() => time.GetElapsedTime(connection.Reader.ReceivedAt) == TimeSpan.Zero);
        Assert.False(reading.IsCompleted); // a byte of a frame is progress
    }

    private static HeaderOnlyMessage Error(string message) => new(FrameType.Error, 0, new ErrorHeader { Code = (uint)RefusalCode.Busy, Message = message });

    private static TensorsMessage Message(int bytes) => new(1, new RawCodec(), TensorValue.Allocate(ElementType.UInt8, new(bytes)));

    private static async Task ReadAsync(FrameConnection connection)
    {
        await connection.Reader.ReadFrameAsync();
        var payload = new IncomingPayload();
        payload.Expect(new RawCodec(), [new("v", ElementType.UInt8, Dimension.Fixed(4000))], [new(4000)]);
        payload.Open();
        await connection.Reader.ReadPayloadAsync(payload);
    }

    private static bool Advance(FakeTimeProvider time, FrameConnection connection, TimeSpan by)
    {
        time.Advance(by);
        return connection.Failure is not null;
    }

    /// <summary>The reader and the writer run on other threads; a step may come before they have got to where they wait.</summary>
    private static async Task Until(Func<bool> step)
    {
        while (!step()) await Task.Yield();
    }
}
