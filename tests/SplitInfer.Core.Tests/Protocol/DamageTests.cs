using SplitInfer.Codecs.Raw;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Tensors;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Core.Tests.Protocol;

/// <summary>Whatever happens to bytes on the way, the reader says so and never yields anything else than was sent.</summary>
public class DamageTests
{
    private static readonly byte[] Message =
    [
        .. WirePeer.Frame(FrameType.Request, 5, new RequestHeader { Partition = 1 }, RandomBytes(50), isLast: false),
        .. WirePeer.Frame(FrameType.Data, 5, null, RandomBytes(14)),
    ];

    [Fact]
    public async Task A_message_that_is_cut_off_anywhere_is_an_error()
    {
        for (var length = 1; length < Message.Length; length++)
            await Assert.ThrowsAsync<ProtocolException>(() => ReadAsync(Message[..length]));
    }

    [Fact]
    public async Task Any_flipped_bit_is_an_error()
    {
        for (var bit = 0; bit < 8 * Message.Length; bit++)
        {
            byte[] damaged = [.. Message];
            damaged[bit / 8] ^= (byte)(1 << bit % 8);
            await Assert.ThrowsAsync<ProtocolException>(() => ReadAsync(damaged));
        }
    }

    [Fact]
    public async Task What_is_no_frame_is_an_error_as_soon_as_it_can_be()
    {
        var (near, far) = DuplexStream.CreatePair();
        using var connection = Wires.Connect(near);
        using var peer = new WirePeer(far);
        // The connection stays open: nothing more needs to come.
        await peer.SendAsync("GET / HTTP/1.1\r\nHost: example.test\r\n\r\n"u8.ToArray());
        var error = await Assert.ThrowsAsync<ProtocolException>(async () => await connection.Reader.ReadFrameAsync());
        Assert.Contains("speaks HTTP, and this end does not", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Random_bytes_are_an_error() => Sampled.Check(1, 200, random =>
    {
        var bytes = new byte[32 + random.Next(200)];
        random.NextBytes(bytes);
        // Half of them get past the first checks.
        if (random.Next(2) == 0) Message.AsSpan(0, 16).CopyTo(bytes);
        Assert.ThrowsAny<ProtocolException>(() => ReadAsync(bytes).GetAwaiter().GetResult());
    });

    [Fact]
    public async Task A_clean_end_is_none()
    {
        var (near, far) = DuplexStream.CreatePair();
        using var connection = Wires.Connect(near);
        far.EndWriting();
        Assert.False(await connection.Reader.ReadFrameAsync());
    }

    /// <summary>Reads the message, and fails unless it is the very one that was sent.</summary>
    private static async Task ReadAsync(byte[] bytes)
    {
        var (near, far) = DuplexStream.CreatePair();
        using var connection = Wires.Connect(near);
        using var peer = new WirePeer(far);
        await peer.SendAsync(bytes);
        far.EndWriting();
        var payload = new IncomingPayload();
        payload.Expect(new RawCodec(), [new("v", ElementType.UInt8, Dimension.Fixed(60)), new("w", ElementType.UInt8, Dimension.Fixed(4))], [new(60), new(4)]);
        payload.Open();
        connection.Reader.UnfinishedMessages = 1;
        do
        {
            if (!await connection.Reader.ReadFrameAsync()) throw new InvalidOperationException("The end was taken for a clean one.");
            Assert.Equal(5ul, connection.Reader.Frame.RequestId);
            await connection.Reader.ReadPayloadAsync(payload);
        }
        while (!connection.Reader.Frame.EndOfMessage);

        Assert.True(payload.IsWhole && payload.Failure is null);
    }

    private static byte[] RandomBytes(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }
}
