using SplitInfer.Codecs;
using SplitInfer.Codecs.Lz4;
using SplitInfer.Codecs.Raw;
using SplitInfer.Protocol;
using SplitInfer.Tensors;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Core.Tests.Protocol;

/// <summary>Memory is taken for what comes, not for what is announced.</summary>
public class ArrivingBlockTests
{
    // Larger than the pool keeps at rest, so that no block of another test is there already.
    private static readonly TensorSpec Value = new("v", ElementType.UInt8, Dimension.Fixed(100), Dimension.Fixed(1 << 20));

    [Fact]
    public void An_announced_boundary_takes_no_more_than_the_first_step()
    {
        foreach (var codec in (ITensorCodec[])[new RawCodec(), new Lz4Codec(), new RunLengthCodec()])
        {
            var payload = new IncomingPayload();
            payload.Expect(codec, [Value], [Value.Shape]);
            var before = GC.GetAllocatedBytesForCurrentThread();
            payload.Open();
            Assert.NotEqual(0, payload.Room(100).Length);
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, ArrivingBlock.FirstBytes + (1 << 16));
            payload.Release();
        }
    }

    [Fact]
    public void What_comes_in_steps_is_whole_in_every_codec()
    {
        using var tensor = TensorValue.Allocate(Value.Type, Value.Shape);
        for (var at = 0; at < tensor.ByteLength; at += 4096) tensor.Bytes.Span.Slice(at, Math.Min(4096, tensor.ByteLength - at)).Fill((byte)(at >> 12));
        foreach (var codec in (ITensorCodec[])[new RawCodec(), new Lz4Codec(), new RunLengthCodec()])
        {
            var bytes = codec.IsIdentity ? tensor.Bytes.ToArray() : WirePayload.Of(codec, tensor);
            var payload = new IncomingPayload();
            payload.Expect(codec, [Value], [Value.Shape]);
            payload.Open();
            long most = 0;
            for (var at = 0; at < bytes.Length;)
            {
                var before = GC.GetAllocatedBytesForCurrentThread();
                var room = payload.Room(Math.Min(300_000, bytes.Length - at));
                bytes.AsMemory(at, room.Length).CopyTo(room);
                at += room.Length;
                payload.Advance(room.Length);
                most += GC.GetAllocatedBytesForCurrentThread() - before;
                if (codec.IsIdentity) Assert.InRange(most, 0, (2L * ArrivingBlock.FirstBytes) + (10L * at));
            }

            payload.EndFrame(isLast: true, beyond: 0);
            var received = new TensorValue[1];
            payload.Finish(received);
            payload.Release();
            using (received[0]) Assert.True(received[0].Bytes.Span.SequenceEqual(tensor.Bytes.Span), codec.Name);
        }
    }

    [Fact]
    public void A_block_that_is_at_rest_is_used_whole()
    {
        const int Bytes = 6 << 20;
        TensorBufferPool.Shared.Rent(Bytes).Release();
        var block = new ArrivingBlock();
        block.Open(Bytes);
        Assert.Equal(Bytes, block.Capacity);
        block.Release();
    }
}
