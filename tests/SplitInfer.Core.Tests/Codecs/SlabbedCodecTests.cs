using System.Buffers.Binary;
using SplitInfer.Codecs;
using SplitInfer.Tensors;

namespace SplitInfer.Core.Tests.Codecs;

public sealed class SlabbedCodecTests
{
    private static readonly TensorShape Shape = new(1, 37, 70, 70);

    public static TheoryData<string> Names => TestCodecs.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void AValueIsItsSlabsOneAfterTheOther(string name)
    {
        var codec = TestCodecs.Get(name, VectorPaths.Widest);
        foreach (var type in (ElementType[])[ElementType.Float32, ElementType.Int64])
        {
            var bytes = TestTensors.Bytes(type, (int)Shape.ElementCount, 7);
            var slabs = new Slabs(type, Shape);
            Assert.True(slabs.Count > 1);
            var expected = new List<byte>();
            var decoded = new byte[bytes.Length];
            for (var index = 0; index < slabs.Count; index++)
            {
                var slab = slabs[index];
                var payload = TestCodecs.Encode(codec, type, slab.Shape, bytes.AsSpan(slab.Start, slab.Bytes));
                var length = new byte[4];
                BinaryPrimitives.WriteInt32LittleEndian(length, payload.Length);
                expected.AddRange([.. codec.IsIdentity ? [] : length, .. payload]);
                codec.Decode(type, slab.Shape, payload, decoded.AsSpan(slab.Start, slab.Bytes));
            }

            var slabbed = new SlabbedCodec(codec);
            var whole = TestCodecs.Encode(slabbed, type, Shape, bytes);
            Assert.Equal(expected, whole);
            var back = new byte[bytes.Length];
            slabbed.Decode(type, Shape, whole, back);
            Assert.Equal(decoded, back);
            if (codec.IsLossless) Assert.Equal(bytes, back);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void WhatIsCutOffOrLeftOverIsRefused(string name)
    {
        var slabbed = new SlabbedCodec(TestCodecs.Get(name, VectorPaths.Widest));
        var bytes = TestTensors.Floats("relu", (int)Shape.ElementCount);
        var whole = TestCodecs.Encode(slabbed, ElementType.Float32, Shape, bytes);
        foreach (var length in (int[])[0, 3, 4, whole.Length / 2, whole.Length - 1])
            Assert.Throws<InvalidPayloadException>(() => slabbed.Decode(ElementType.Float32, Shape, whole.AsSpan(0, length), bytes));
        Assert.Throws<InvalidPayloadException>(() => slabbed.Decode(ElementType.Float32, Shape, [.. whole, 0], bytes));
    }
}
