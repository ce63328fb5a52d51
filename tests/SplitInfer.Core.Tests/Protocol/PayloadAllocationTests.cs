using System.Collections.Immutable;
using SplitInfer.Codecs;
using SplitInfer.Codecs.Raw;
using SplitInfer.Codecs.ZeroBitmap;
using SplitInfer.Protocol;
using SplitInfer.Tensors;

namespace SplitInfer.Core.Tests.Protocol;

public class PayloadAllocationTests
{
    private readonly OutgoingPayload _outgoing = new();
    private readonly IncomingPayload _incoming = new();
    private readonly TensorValue[] _received = new TensorValue[1];

    public static TheoryData<string> Names => [RawCodec.CodecName, ZeroBitmapCodec.CodecName];

    [Theory]
    [MemberData(nameof(Names))]
    public void Only_the_tensor_itself_is_allocated_for_a_value(string name)
    {
        Assert.True(CodecRegistry.Default.TryGet(name, out var codec));
        var value = new TensorSpec("v", ElementType.Float32, Dimension.Fixed(64), Dimension.Fixed(60), Dimension.Fixed(60));
        using var tensor = TensorValue.Allocate(value.Type, value.Shape);
        tensor.Bytes.Span.Clear();
        TensorValue[] boundary = [tensor];
        var (values, shapes) = (ImmutableArray.Create(value), ImmutableArray.Create(value.Shape));
        Carry();
        Carry();

        // A collection of another thread may be counted on this one, so the least of some is what is allocated.
        var tensorObject = Enumerable.Range(0, 5).Min(_ => Allocated(() => TensorValue.Allocate(value.Type, value.Shape).Dispose()));
        Assert.Equal(tensorObject, Enumerable.Range(0, 5).Min(_ => Allocated(Carry)));

        void Carry()
        {
            _outgoing.Open(codec, boundary);
            _incoming.Expect(codec, values, shapes);
            _incoming.Open();
            while (!_outgoing.IsTaken)
            {
                _outgoing.Prepare();
                for (var piece = _outgoing.Take(1 << 18).Span; !piece.IsEmpty;)
                {
                    var room = _incoming.Room(piece.Length).Span;
                    piece[..room.Length].CopyTo(room);
                    _incoming.Advance(room.Length);
                    piece = piece[room.Length..];
                }

                _incoming.EndFrame(_outgoing.IsTaken, 0);
            }

            _incoming.Finish(_received);
            _outgoing.Clear();
            _incoming.Release();
            _received[0].Dispose();
        }
    }

    private static long Allocated(Action action)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
