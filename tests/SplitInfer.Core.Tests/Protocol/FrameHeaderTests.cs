using SplitInfer.Protocol;

namespace SplitInfer.Core.Tests.Protocol;

public class FrameHeaderTests
{
    [Fact]
    public void What_is_written_is_read() => Sampled.Check(1, 500, random =>
    {
        var (header, frame) = RandomFrame(random);
        var read = FrameHeader.Read(frame);
        read.Verify(frame);
        Assert.Equal(header, read);
    });

    [Fact]
    public void Any_flipped_bit_is_noticed() => Sampled.Check(2, 5, random =>
    {
        var (_, frame) = RandomFrame(random);
        for (var bit = 0; bit < 8 * frame.Length; bit++)
        {
            frame[bit / 8] ^= (byte)(1 << bit % 8);
            Assert.ThrowsAny<SplitInferException>(() =>
            {
                var header = FrameHeader.Read(frame);
                // A longer header would be waited for; what came instead is taken for it here.
                header.Verify(frame.Length >= FrameHeader.Size + header.HeaderLength ? frame : [.. frame, .. new byte[FrameHeader.MaxHeaderLength]]);
            });
            frame[bit / 8] ^= (byte)(1 << bit % 8);
        }
    });

    [Theory]
    [InlineData(16, FrameHeader.MaxHeaderLength + 1, "header")]
    [InlineData(16, -1, "header")]
    [InlineData(20, FrameHeader.MaxPayloadLength + 1, "payload")]
    [InlineData(20, -1, "payload")]
    [InlineData(6, 0x0002, "flags")]
    [InlineData(4, 0x0302, "version 2")]
    [InlineData(0, 0x4C504D53, "does not speak")]
    [InlineData(0, 0x20544547, "ws://HOST:PORT/PATH")] // "GET "
    public void What_no_frame_has_is_refused_by_the_fixed_part_alone(int at, int value, string expected)
    {
        var frame = new byte[FrameHeader.Size];
        new FrameHeader(FrameType.Request, true, 1, 0, 0, 0).Write(frame);
        if (at is 6 or 4) BitConverter.TryWriteBytes(frame.AsSpan(at), (ushort)value);
        else BitConverter.TryWriteBytes(frame.AsSpan(at), value);
        Assert.Contains(expected, Assert.Throws<ProtocolException>(() => FrameHeader.Read(frame)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request")]
    [InlineData("GET / HTTP/1.1")]
    [InlineData("HEAD /health HTTP/1.1")]
    [InlineData("POST / HTTP/1.1")]
    [InlineData("PUT /x HTTP/1.1")]
    [InlineData("OPTIONS * HTTP/1.1")]
    [InlineData("CONNECT a.test:443 HTTP/1.1")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")]
    public void HTTP_is_told_from_other_protocols(string start)
    {
        var frame = new byte[FrameHeader.Size];
        System.Text.Encoding.ASCII.GetBytes(start, frame);
        Assert.Contains("speaks HTTP", Assert.Throws<ProtocolException>(() => FrameHeader.Read(frame)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 0, 0, true)]
    [InlineData(15, 0, 0, true)]
    [InlineData(255, 0, 0, true)]
    [InlineData((int)FrameType.Hello, 1, 1, true)]
    [InlineData((int)FrameType.Welcome, 1, 0, false)]
    [InlineData((int)FrameType.Error, 1, 1, true)]
    [InlineData((int)FrameType.Data, 1, 1, true)]
    [InlineData((int)FrameType.Data, 0, 0, true)]
    [InlineData((int)FrameType.Cancel, 1, 0, true)]
    [InlineData((int)FrameType.Ping, 0, 1, true)]
    [InlineData((int)FrameType.Pong, 0, 0, false)]
    [InlineData((int)FrameType.GoAway, 0, 0, false)]
    [InlineData((int)FrameType.GoAway, 1, 1, true)]
    [InlineData((int)FrameType.OpenModel, 1, 1, true)]
    [InlineData((int)FrameType.OpenModel, 1, 0, false)]
    [InlineData((int)FrameType.ModelOpened, 1, 1, true)]
    [InlineData((int)FrameType.ModelRefused, 1, 0, false)]
    [InlineData((int)FrameType.CloseModel, 1, 0, true)]
    [InlineData((int)FrameType.CloseModel, 0, 1, true)]
    [InlineData((int)FrameType.OpenModel, 1, 0, true, 0ul)]
    [InlineData((int)FrameType.ModelOpened, 1, 0, true, 1ul << 32)]
    [InlineData((int)FrameType.CloseModel, 0, 0, true, 0ul)]
    [InlineData((int)FrameType.CloseModel, 0, 0, true, ulong.MaxValue)]
    public void A_type_that_does_not_go_with_the_rest_is_refused(int type, int headerLength, int payloadLength, bool isLast, ulong id = 1)
    {
        var frame = new byte[FrameHeader.Size + headerLength];
        var header = new FrameHeader((FrameType)type, isLast, id, headerLength, payloadLength, 0);
        header.Write(frame);
        Assert.Throws<ProtocolException>(() => FrameHeader.Read(frame).Verify(frame));
    }

    private static (FrameHeader Header, byte[] Frame) RandomFrame(Random random)
    {
        var frame = new byte[FrameHeader.Size + random.Next(100)];
        random.NextBytes(frame);
        var type = random.Next(2) == 0 ? FrameType.Request : FrameType.Response;
        var header = new FrameHeader(type, random.Next(2) == 0, (ulong)random.NextInt64(), frame.Length - FrameHeader.Size, random.Next(FrameHeader.MaxPayloadLength + 1), (uint)random.Next());
        header.Write(frame);
        return (header, frame);
    }
}
