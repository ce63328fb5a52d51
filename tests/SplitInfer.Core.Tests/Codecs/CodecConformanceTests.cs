using SplitInfer.Codecs;
using SplitInfer.Tensors;
using SplitInfer.Testing.Memory;

namespace SplitInfer.Core.Tests.Codecs;

/// <summary>What holds for every codec.</summary>
public sealed class CodecConformanceTests
{
    public static TheoryData<string> Names => TestCodecs.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void EveryLengthAndAlignmentComesBackWithTheSameBytesFromEveryPath(string name)
    {
        var reference = TestCodecs.Get(name, VectorPath.Scalar);
        using var input = new GuardedMemory(8192);
        using var output = new GuardedMemory(8192);
        using var room = new GuardedMemory(1 << 16);
        for (var count = 0; count <= 1024; count++)
        {
            // Every length, and over them every look with every path and misalignment.
            for (var turn = 0; turn < 2; turn++)
            {
                var look = TestTensors.Shapes[(count + 3 * turn) % TestTensors.Shapes.Length];
                var shape = new TensorShape(count);
                var bytes = TestTensors.Floats(look, count, count);
                var expected = TestCodecs.Encode(reference, ElementType.Float32, shape, bytes);
                var reconstructed = new byte[bytes.Length];
                reference.Decode(ElementType.Float32, shape, expected, reconstructed);
                if (reference.IsLossless) Assert.Equal(bytes, reconstructed);

                var path = CodecPaths.All[(count + turn) % CodecPaths.All.Count];
                var codec = TestCodecs.Get(name, path);
                var misalignment = count % 5 + turn;
                var tensor = input.AtEnd(bytes.Length + misalignment)[..bytes.Length];
                bytes.CopyTo(tensor);
                var payload = room.AtEnd((int)codec.MaxEncodedLength(ElementType.Float32, shape) + misalignment)[..^misalignment];
                var length = codec.Encode(ElementType.Float32, shape, tensor, payload);
                Assert.True(payload[..length].SequenceEqual(expected), $"{look}, {count}, {path}");

                var received = room.AtEnd(length + misalignment)[..length];
                expected.CopyTo(received);
                var decoded = output.AtEnd(bytes.Length + misalignment)[..bytes.Length];
                codec.Decode(ElementType.Float32, shape, received, decoded);
                Assert.True(decoded.SequenceEqual(reconstructed), $"{look}, {count}, {path}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void TensorsOfSeveralChunksComeBackOnEveryPath(string name)
    {
        foreach (var look in TestTensors.Shapes)
        {
            var shape = new TensorShape(1, 7, 151, 133);
            var bytes = TestTensors.Floats(look, (int)shape.ElementCount);
            var expected = TestCodecs.Encode(TestCodecs.Get(name, VectorPath.Scalar), ElementType.Float32, shape, bytes);
            byte[]? reconstructed = null;
            foreach (var path in CodecPaths.All)
            {
                var codec = TestCodecs.Get(name, path);
                Assert.True(expected.AsSpan().SequenceEqual(TestCodecs.Encode(codec, ElementType.Float32, shape, bytes)), $"{look}, {path}");
                var decoded = new byte[bytes.Length];
                codec.Decode(ElementType.Float32, shape, expected, decoded);
                reconstructed ??= codec.IsLossless ? bytes : decoded;
                Assert.True(reconstructed.AsSpan().SequenceEqual(decoded), $"{look}, {path}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void WhatIsNoFloatingPointNumberComesBackExactly(string name)
    {
        foreach (var type in TestTensors.Types)
        {
            foreach (var path in CodecPaths.All)
            {
                var codec = TestCodecs.Get(name, path);
                foreach (var count in (int[])[0, 1, 2, 3, 15, 16, 17, 100, 1023, 80_001])
                {
                    var shape = new TensorShape(count);
                    var bytes = TestTensors.Bytes(type, count, count);
                    var payload = TestCodecs.Encode(codec, type, shape, bytes);
                    var decoded = new byte[bytes.Length];
                    codec.Decode(type, shape, payload, decoded);
                    if (codec.IsLossless || !IsFloating(type)) Assert.True(bytes.AsSpan().SequenceEqual(decoded), $"{type}, {count}, {path}");
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void APayloadCutShortOrLongerIsRefused(string name)
    {
        foreach (var look in TestTensors.Shapes)
        {
            foreach (var path in CodecPaths.All)
            {
                var codec = TestCodecs.Get(name, path);
                var shape = new TensorShape(3, 4, 50);
                var bytes = TestTensors.Floats(look, (int)shape.ElementCount);
                var payload = TestCodecs.Encode(codec, ElementType.Float32, shape, bytes);
                for (var length = 0; length < payload.Length; length += length < 64 ? 1 : 13)
                    Assert.Throws<InvalidPayloadException>(() => codec.Decode(ElementType.Float32, shape, payload.AsSpan(0, length), bytes));
                Assert.Throws<InvalidPayloadException>(() => codec.Decode(ElementType.Float32, shape, [.. payload, 0], bytes));
            }
        }
    }

    private static bool IsFloating(ElementType type) =>
        type is ElementType.Float32 or ElementType.Float64 or ElementType.Float16 or ElementType.BFloat16;
}
