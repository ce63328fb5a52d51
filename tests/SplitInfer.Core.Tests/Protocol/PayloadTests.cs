using System.Collections.Immutable;
using SplitInfer.Codecs.Raw;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Tensors;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Core.Tests.Protocol;

public class PayloadTests
{
    [Fact]
    public void Parts_arrive_as_they_left_however_the_stream_cuts_them() => Sampled.Check(1, 60, random =>
    {
        var parts = RandomParts(random);
        Array.ForEach(parts, random.NextBytes);
        var largestRead = random.Next(3) switch { 0 => 1 + random.Next(100), 1 => 5000, _ => int.MaxValue };
        Assert.Equal(parts, Carry(parts, largestRead).GetAwaiter().GetResult());
    });

    [Fact]
    public async Task Each_part_has_an_aligned_place()
    {
        var payload = new IncomingPayload();
        await CarryInto(payload, [new byte[3], new byte[65], [], new byte[1]], int.MaxValue);
        var tensors = new Tensor[4];
        payload.Decode(new RawCodec(), Specs(3, 65, 0, 1), [new(3), new(65), new(0), new(1)], tensors);
        payload.Release();
        unsafe
        {
            Assert.All(tensors, static t => Assert.Equal(0, (nint)t.Pointer % TensorBuffer.Alignment));
        }

        Array.ForEach(tensors, static t => t.Dispose());
    }

    [Theory]
    [InlineData(new uint[] { 4 }, "2 values are due")]
    [InlineData(new uint[] { 4, 8, 0 }, "2 values are due")]
    [InlineData(new uint[] { 5, 8 }, "value 0 takes 4")]
    [InlineData(new uint[] { 4, 7 }, "value 1 takes 8")]
    [InlineData(new uint[] { uint.MaxValue, 8 }, "value 0 takes 4")]
    public void Lengths_that_the_plan_does_not_have_are_refused(uint[] lengths, string expected)
    {
        var shapes = ImmutableArray.Create(new TensorShape(4), new TensorShape(8));
        Assert.Contains(expected, IncomingPayload.Refusal(new RawCodec(), Specs(4, 8), shapes, lengths), StringComparison.Ordinal);
        Assert.Null(IncomingPayload.Refusal(new RawCodec(), Specs(4, 8), shapes, new uint[] { 4, 8 }));
    }

    [Fact]
    public void Parts_of_over_2_GiB_together_are_refused()
    {
        var shapes = ImmutableArray.Create(new TensorShape(1L << 30), new TensorShape(1L << 30));
        Assert.NotNull(IncomingPayload.Refusal(new RawCodec(), Specs(1L << 30, 1L << 30), shapes, new[] { 1u << 30, 1u << 30 }));
    }

    private static byte[][] RandomParts(Random random) =>
        [.. Enumerable.Range(0, random.Next(6)).Select(_ => new byte[random.Next(4) switch { 0 => 0, 1 => random.Next(200), 2 => random.Next(20_000), _ => random.Next(300_000) }])];

    private static async Task<byte[][]> Carry(byte[][] parts, int largestRead)
    {
        var payload = new IncomingPayload();
        await CarryInto(payload, parts, largestRead);
        var tensors = new Tensor[parts.Length];
        payload.Decode(new RawCodec(), Specs([.. parts.Select(static p => (long)p.Length)]), [.. parts.Select(static p => new TensorShape(p.Length))], tensors);
        payload.Release();
        var bytes = tensors.Select(static t => t.Bytes.ToArray()).ToArray();
        Array.ForEach(tensors, static t => t.Dispose());
        return bytes;
    }

    private static async Task CarryInto(IncomingPayload payload, byte[][] parts, int largestRead)
    {
        var (near, far) = DuplexStream.CreatePair(largestRead: largestRead);
        using FrameConnection sender = Wires.Connect(near), receiver = Wires.Connect(far);
        var sending = sender.Writer.SendAsync(new PartsMessage(1, parts));
        do
        {
            Assert.True(await receiver.Reader.ReadFrameAsync());
            if (receiver.Reader.Frame.Type == FrameType.Request)
                payload.Open(RequestHeader.Parser.ParseFrom(receiver.Reader.Header).PartLengths);
            await receiver.Reader.ReadPayloadAsync(payload);
        }
        while (!receiver.Reader.Frame.EndOfMessage);

        await sending;
        Assert.Equal(0, payload.Left);
    }

    private static ImmutableArray<TensorSpec> Specs(params long[] sizes) =>
        [.. sizes.Select(static (size, index) => new TensorSpec($"v{index}", ElementType.UInt8, Dimension.Fixed(size)))];
}
