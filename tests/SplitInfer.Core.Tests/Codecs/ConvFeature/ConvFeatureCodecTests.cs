using System.Runtime.InteropServices;
using SplitInfer.Codecs;
using SplitInfer.Codecs.ConvFeature;
using SplitInfer.Core.Tests.Codecs.Entropy;
using SplitInfer.Tensors;
using SplitInfer.Testing.Fuzzing;
using SplitInfer.Testing.Memory;

namespace SplitInfer.Core.Tests.Codecs.ConvFeature;

public sealed class ConvFeatureCodecTests
{
    // Planes as lanes, full groups and not, strips that are ragged, single columns, and every rank.
    private static readonly TensorShape[] Shapes =
    [
        new(), new(1), new(700), new(3, 1), new(1, 50), new(20, 33), new(5, 17), new(3, 31, 9), new(1, 3, 40, 41), new(1, 7, 6, 5), new(11, 16, 3), new(15, 2, 8),
        new(16, 5, 4), new(1, 17, 9, 7), new(1, 40, 13, 13), new(2, 24, 8, 27), new(1, 1000, 1, 1), new(1, 64, 3, 3), new(33, 1, 16), new(48, 30, 1), new(2, 0, 9, 9),
    ];

    [Fact]
    public void EveryShapeAndTypeComesBackAlikeOnEveryPath()
    {
        foreach (var shape in Shapes)
        {
            foreach (var type in (ElementType[])[ElementType.Float32, ElementType.Float16, ElementType.BFloat16, ElementType.Float64])
            {
                foreach (var look in (string[])["relu", "pooled", "signed", "zeros", "constant"])
                {
                    var values = MemoryMarshal.Cast<byte, float>(TestTensors.Floats(look, (int)shape.ElementCount, shape.Rank + 3)).ToArray();
                    var bytes = new byte[type.ByteSize(values.Length)];
                    FloatingPoint.Write(type, values, bytes);
                    var expected = TestCodecs.Encode(new ConvFeatureCodec(10, VectorPath.Scalar), type, shape, bytes);
                    byte[]? first = null;
                    foreach (var path in CodecPaths.All)
                    {
                        var codec = new ConvFeatureCodec(10, path);
                        Assert.True(expected.AsSpan().SequenceEqual(TestCodecs.Encode(codec, type, shape, bytes)), $"{shape}, {type}, {look}, {path}");
                        var decoded = new byte[bytes.Length];
                        codec.Decode(type, shape, expected, decoded);
                        first ??= decoded;
                        Assert.True(first.AsSpan().SequenceEqual(decoded), $"{shape}, {type}, {look}, {path}");
                    }
                }
            }
        }
    }

    [Theory]
    [InlineData(3)]
    [InlineData(14)]
    [InlineData(80)]
    public void ZeroIsKeptAndTheErrorIsHalfAStep(int percent)
    {
        foreach (var values in (float[][])[FeatureMaps.Smooth(20, 30, 31), FeatureMaps.Pooled(3, 40, 41), Signed(20 * 900)])
        {
            var shape = new TensorShape(1, 1, values.Length / 30, 30);
            var step = values.Where(static value => value != 0).Average(static value => Math.Abs((double)value)) * percent / 100;
            var decoded = RoundTrip(percent, values, shape, out _);
            for (var i = 0; i < values.Length; i++)
            {
                if (values[i] == 0) Assert.Equal(0, decoded[i]);
                Assert.True(Math.Abs(values[i] - decoded[i]) <= step * 0.5001, $"{values[i]} became {decoded[i]} at {percent} %");
            }
        }
    }

    [Fact]
    public void AnOutlierMakesTheStepCoarserAndComesBack()
    {
        foreach (var outlier in (float[])[5e7f, -5e7f])
        {
            var values = Signed(16 * 400);
            values[3333] = outlier;
            var decoded = RoundTrip(3, values, new(16, 20, 20), out var length);
            Assert.Equal(outlier, decoded[3333], 100f);
            Assert.InRange(length, 1, values.Length);
        }
    }

    [Fact]
    public void FeatureMapsTakeMuchLessThanTheEntropyOfTheirLevels()
    {
        foreach (var percent in (int[])[5, 14, 40])
        {
            Assert.InRange(ShareOfEntropy(percent, FeatureMaps.Smooth(64, 56, 56), new(1, 64, 56, 56)), 0.1, 0.75);
            Assert.InRange(ShareOfEntropy(percent, FeatureMaps.Pooled(64, 40, 40), new(1, 64, 40, 40)), 0.1, 0.75);
        }
    }

    [Fact]
    public void WhatCannotBeForetoldTakesAThirdMoreThanTheEntropyOfItsLevelsAtMost()
    {
        foreach (var percent in (int[])[14, 40, 80])
        {
            var random = new Random(3);
            var noise = Enumerable.Range(0, 64 * 900).Select(_ => Math.Max(0, random.Next(1000) - 400f)).ToArray();
            Assert.InRange(ShareOfEntropy(percent, noise, new(1, 64, 30, 30)), 0.9, 1.33);
        }
    }

    [Fact]
    public void ASmallTensorPaysForFewModels()
    {
        // Sixteen planes of 8 × 8: 4 KiB, of which every model of a context would be a fiftieth.
        RoundTrip(14, FeatureMaps.Smooth(16, 8, 8), new(1, 16, 8, 8), out var length);
        Assert.InRange(length, 1, 900);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    [InlineData(3e38f)]
    public void WhatCannotBeQuantisedIsPassedThrough(float value)
    {
        var values = FeatureMaps.Smooth(4, 16, 16);
        values[777] = value;
        var decoded = RoundTrip(14, values, new(4, 16, 16), out _);
        Assert.Equal(values, decoded);
    }

    [Fact]
    public void TheLargestBinary16DoesNotBecomeInfinite()
    {
        var values = Enumerable.Range(0, 4096).Select(static i => (Half)(i % 7 == 0 ? 65504f : i)).ToArray();
        var bytes = MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
        var codec = new ConvFeatureCodec(80);
        var decoded = new byte[bytes.Length];
        codec.Decode(ElementType.Float16, new(16, 16, 16), TestCodecs.Encode(codec, ElementType.Float16, new(16, 16, 16), bytes), decoded);
        Assert.All(MemoryMarshal.Cast<byte, Half>(decoded).ToArray(), static value => Assert.True(Half.IsFinite(value)));
    }

    [Fact]
    public void DamagedPayloadsOfSeveralGroupsTouchNothingElse()
    {
        using var room = new GuardedMemory(1 << 16);
        using var output = new GuardedMemory(1 << 16);
        var shape = new TensorShape(1, 40, 11, 9);
        byte[][] payloads =
        [
            .. from values in (float[][])[FeatureMaps.Smooth(40, 11, 9), FeatureMaps.Pooled(40, 11, 9), Signed(40 * 99)]
            select TestCodecs.Encode(new ConvFeatureCodec(7), ElementType.Float32, shape, FeatureMaps.Bytes(values)),
        ];
        var mutator = new PayloadMutator(11);
        var refused = 0;
        for (var i = 0; i < 3000; i++)
        {
            var damaged = room.AtStart(payloads[i % 3].Length + 128);
            var length = mutator.Mutate(payloads[i % 3], payloads[(i + 1) % 3], damaged);
            damaged[..length].CopyTo(room.AtEnd(length));
            try
            {
                new ConvFeatureCodec(7, CodecPaths.All[i % CodecPaths.All.Count]).Decode(ElementType.Float32, shape, room.AtEnd(length), output.AtEnd((int)shape.ElementCount * 4));
            }
            catch (InvalidPayloadException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 2000, 3000);
    }

    private static double ShareOfEntropy(int percent, float[] values, TensorShape shape)
    {
        var decoded = RoundTrip(percent, values, shape, out var length);
        var step = decoded.Where(static value => value > 0).Min();
        return length / Symbols.EntropyBytes([.. decoded.Select(value => (byte)Math.Round(value / step))]);
    }

    private static float[] Signed(int count) => MemoryMarshal.Cast<byte, float>(TestTensors.Floats("signed", count)).ToArray();

    private static float[] RoundTrip(int percent, float[] values, TensorShape shape, out int length)
    {
        var codec = new ConvFeatureCodec(percent);
        var payload = TestCodecs.Encode(codec, ElementType.Float32, shape, FeatureMaps.Bytes(values));
        length = payload.Length;
        var decoded = new byte[values.Length * sizeof(float)];
        codec.Decode(ElementType.Float32, shape, payload, decoded);
        return MemoryMarshal.Cast<byte, float>(decoded).ToArray();
    }
}
