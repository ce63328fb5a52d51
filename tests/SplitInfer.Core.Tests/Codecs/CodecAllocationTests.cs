using SplitInfer.Codecs;
using SplitInfer.Tensors;

namespace SplitInfer.Core.Tests.Codecs;

public sealed class CodecAllocationTests
{
    public static TheoryData<string> Names => TestCodecs.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void NothingIsAllocatedForATensor(string name)
    {
        var codec = TestCodecs.Get(name, VectorPaths.Widest);
        foreach (var type in (ElementType[])[ElementType.Float32, ElementType.Float16, ElementType.Int64])
        {
            var shape = new TensorShape(1, 20, 60, 60);
            var bytes = TestTensors.Bytes(type, (int)shape.ElementCount, 7);
            var payload = new byte[codec.MaxEncodedLength(type, shape)];

            // The first calls fill the pool.
            Transcode();
            Transcode();

            // A collection of another thread may be counted on this one, so the least of some is what the codec allocates.
            Assert.Equal(0, Enumerable.Range(0, 5).Min(_ => Allocated()));

            long Allocated()
            {
                var before = GC.GetAllocatedBytesForCurrentThread();
                Transcode();
                return GC.GetAllocatedBytesForCurrentThread() - before;
            }

            void Transcode()
            {
                var length = codec.Encode(type, shape, bytes, payload);
                codec.Decode(type, shape, payload.AsSpan(0, length), bytes);
            }
        }
    }
}
