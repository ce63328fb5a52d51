using System.Runtime.InteropServices;
using SplitInfer.Codecs;
using SplitInfer.Codecs.Quantized;
using SplitInfer.Core.Tests.Codecs.Entropy;
using SplitInfer.Tensors;

namespace SplitInfer.Core.Tests.Codecs.Quantized;

public sealed class QuantizedCodecTests
{
    [Theory]
    [InlineData("relu")]
    [InlineData("signed")]
    [InlineData("pooled")]
    public void ZeroIsKeptAndTheErrorIsHalfAStepWithinTheRange(string look)
    {
        var bytes = TestTensors.Floats(look, 20_000);
        var values = MemoryMarshal.Cast<byte, float>(bytes);
        for (var bits = 2; bits <= 8; bits++)
        {
            var decoded = RoundTrip(new(bits), bytes, new(20_000), out _);
            Assert.True(decoded.Distinct().Count() <= 1 << bits);
            var steps = decoded.Distinct().Order().ToArray();
            var step = steps.Zip(steps.Skip(1), static (low, high) => high - low).Min();
            var (low, high) = (steps[0], steps[^1]);
            for (var i = 0; i < values.Length; i++)
            {
                if (values[i] == 0) Assert.Equal(0, decoded[i]);
                Assert.True(Math.Abs(Math.Clamp(values[i], low, high) - decoded[i]) <= step * 0.5001, $"{values[i]} became {decoded[i]} at {bits} bits");
            }
        }
    }

    [Fact]
    public void MoreBitsAreCloser()
    {
        foreach (var perChannel in new[] { false, true })
        {
            var last = double.PositiveInfinity;
            for (var bits = 2; bits <= 8; bits++)
            {
                var bytes = TestTensors.Floats("relu", 24_000);
                var error = SquaredError(bytes, RoundTrip(new(bits, perChannel), bytes, new(2, 30, 20, 20), out _));
                Assert.True(error < last * 0.6, $"{bits} bits: {error}, {bits - 1}: {last}");
                last = error;
            }
        }
    }

    [Fact]
    public void AChannelOfSmallNumbersIsCloserByItself()
    {
        var bytes = TestTensors.Floats("signed", 8000);
        var values = MemoryMarshal.Cast<byte, float>(bytes.AsSpan());
        for (var i = 1000; i < values.Length; i++) values[i] *= 100;
        var shape = new TensorShape(1, 8, 1000);
        var first = bytes[..4000];
        var (apart, together) = (RoundTrip(new(4, perChannel: true), bytes, shape, out _), RoundTrip(new(4), bytes, shape, out _));
        Assert.True(SquaredError(first, apart) < 0.1 * SquaredError(first, together));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    [InlineData(3e38f)]
    public void WhatCannotBeQuantisedIsPassedThrough(float value)
    {
        var bytes = TestTensors.Floats("relu", 1000);
        MemoryMarshal.Cast<byte, float>(bytes.AsSpan())[777] = value;
        var payload = TestCodecs.Encode(new QuantizedCodec(8), ElementType.Float32, new(1000), bytes);
        var decoded = new byte[bytes.Length];
        new QuantizedCodec(8).Decode(ElementType.Float32, new(1000), payload, decoded);
        Assert.Equal(bytes, decoded);
    }

    [Fact]
    public void TheRateIsWithinTwoPercentOfTheEntropyOfTheSymbols()
    {
        foreach (var look in (string[])["relu", "signed", "pooled", "zeros"])
        {
            for (var bits = 2; bits <= 8; bits++)
            {
                var decoded = RoundTrip(new(bits), TestTensors.Floats(look, 300_000), new(300_000), out var length);
                var symbols = decoded.Distinct().Order().ToArray();
                var entropy = Symbols.EntropyBytes([.. decoded.Select(value => (byte)Array.BinarySearch(symbols, value))]);
                Assert.True(length <= 1.02 * entropy + 1024, $"{look}, {bits} bits: {length} bytes, entropy {entropy:F0}");
            }
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    public void ExponentialNumbersAreClippedWhereTheFormulaSays(int bits)
    {
        var random = new Random(7);
        var oneSided = Enumerable.Range(0, 400_000).Select(_ => (float)-Math.Log(1 - random.NextDouble())).ToArray();
        var twoSided = oneSided.Select((value, i) => i % 2 == 0 ? value : -value).ToArray();
        foreach (var values in new[] { oneSided, twoSided })
        {
            var statistics = Statistics.Of(values, VectorPath.Scalar);
            var counts = new uint[Clipping.Bins];
            Clipping.CountTail(values, Clipping.Least(statistics, bits), statistics.Largest, counts);
            Assert.InRange(Clipping.Best(statistics, bits, counts) / Clipping.Least(statistics, bits), 1, 1.1);
        }
    }

    [Fact]
    public void AFewLargeNumbersAreNotClippedAwayWhenThatCostsMore()
    {
        var values = new float[10_000];
        for (var i = 0; i < values.Length; i++) values[i] = i % 10 / 10f;
        for (var i = 0; i < 300; i++) values[i * 33] = 20;
        var decoded = RoundTrip(new(8), MemoryMarshal.AsBytes(values.AsSpan()).ToArray(), new(values.Length), out _);
        Assert.InRange(decoded.Max(), 19.9f, 20.1f);
    }

    private static double SquaredError(byte[] bytes, float[] decoded) =>
        MemoryMarshal.Cast<byte, float>(bytes).ToArray().Zip(decoded, static (a, b) => (double)(a - b) * (a - b)).Sum();

    private static float[] RoundTrip(QuantizedCodec codec, byte[] bytes, TensorShape shape, out int length)
    {
        var payload = TestCodecs.Encode(codec, ElementType.Float32, shape, bytes);
        length = payload.Length;
        var decoded = new byte[bytes.Length];
        codec.Decode(ElementType.Float32, shape, payload, decoded);
        return MemoryMarshal.Cast<byte, float>(decoded).ToArray();
    }
}
