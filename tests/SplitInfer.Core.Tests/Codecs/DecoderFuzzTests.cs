using System.Globalization;
using SplitInfer.Codecs;
using SplitInfer.Tensors;
using SplitInfer.Testing.Fuzzing;
using SplitInfer.Testing.Memory;

namespace SplitInfer.Core.Tests.Codecs;

/// <summary>
/// Damaged payloads between guard pages: a decoder must give back a tensor or <see cref="InvalidPayloadException"/> and touch nothing else.
/// What a tensor's memory held before, perhaps of another request, must not show in it.
/// The environment variable SPLITINFER_FUZZ_INPUTS says how many inputs each codec gets.
/// </summary>
public sealed class DecoderFuzzTests
{
    private static readonly int Inputs = int.Parse(Environment.GetEnvironmentVariable("SPLITINFER_FUZZ_INPUTS") ?? "3000", CultureInfo.InvariantCulture);

    public static TheoryData<string> Names => TestCodecs.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void DecodersTouchNothingBeyondTheirSpans(string name)
    {
        using var room = new GuardedMemory(1 << 17);
        using var output = new GuardedMemory(1 << 17);
        var corpus = Corpus(name).ToArray();
        var mutator = new PayloadMutator(name.Length * 31 + Inputs);
        var first = new byte[1 << 17];
        var (decoded, refused) = (0, 0);
        for (var i = 0; i < Inputs; i++)
        {
            var (type, shape, payload) = corpus[i % corpus.Length];
            var damaged = room.AtStart(payload.Length + 128);
            var length = mutator.Mutate(payload, corpus[(i + 1) % corpus.Length].Payload, damaged);
            var bytes = (int)type.ByteSize(shape.ElementCount);

            // Guards behind both, or before both.
            var received = damaged[..length];
            var tensor = output.AtStart(bytes);
            if (i % 3 != 0)
            {
                received.CopyTo(room.AtEnd(length));
                received = room.AtEnd(length);
                tensor = output.AtEnd(bytes);
            }

            try
            {
                var codec = TestCodecs.Get(name, CodecPaths.All[i % CodecPaths.All.Count]);
                tensor.Fill(0x55);
                codec.Decode(type, shape, received, tensor);
                tensor.CopyTo(first);
                tensor.Fill(0xAA);
                codec.Decode(type, shape, received, tensor);
                Assert.True(tensor.SequenceEqual(first.AsSpan(0, bytes)), $"input {i}");
                decoded++;
            }
            catch (InvalidPayloadException)
            {
                refused++;
            }
        }

        // A mutator that destroys everything, or nothing, tests little.
        Assert.True(refused > 0, $"{decoded} of {Inputs} inputs decoded, none was refused");
    }

    private static IEnumerable<(ElementType Type, TensorShape Shape, byte[] Payload)> Corpus(string name)
    {
        var codec = TestCodecs.Get(name, VectorPath.Scalar);
        foreach (var count in (int[])[1, 9, 64, 257, 1100, 6000])
        {
            foreach (var look in TestTensors.Shapes)
            {
                var shape = count % 11 == 0 ? new TensorShape(1, 11, count / 11) : new TensorShape(1, 1, count);
                yield return (ElementType.Float32, shape, TestCodecs.Encode(codec, ElementType.Float32, shape, TestTensors.Floats(look, count, count)));
            }

            foreach (var type in (ElementType[])[ElementType.Float16, ElementType.Float64, ElementType.Int64, ElementType.UInt8, ElementType.Int4])
            {
                var shape = new TensorShape(count);
                yield return (type, shape, TestCodecs.Encode(codec, type, shape, TestTensors.Bytes(type, count, count)));
            }
        }
    }
}
