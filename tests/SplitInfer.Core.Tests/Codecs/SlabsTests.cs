using SplitInfer.Codecs;
using SplitInfer.Tensors;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Core.Tests.Codecs;

public sealed class SlabsTests
{
    [Fact]
    public void SlabsTileTheTensor() => Sampled.Check(1, 2000, random =>
    {
        var type = TestTensors.Types.ElementAt(random.Next(TestTensors.Types.Count()));
        var shape = RandomShape(random);
        var slabs = new Slabs(type, shape);
        var axis = shape.Dimensions.IndexOfAnyExceptInRange(0, 1);
        long rows = 0;
        var bytes = 0;
        for (var index = 0; index < slabs.Count; index++)
        {
            var slab = slabs[index];
            Assert.Equal(bytes, slab.Start);
            Assert.Equal(type.ByteSize(slab.Shape.ElementCount), slab.Bytes);
            Assert.True(slab.Bytes > 0 || slabs.Count == 1);
            bytes += slab.Bytes;
            if (slabs.Count == 1) continue;
            long[] expected = [.. shape.Dimensions];
            rows += expected[axis] = slab.Shape.Dimensions[axis];
            Assert.Equal(new TensorShape(expected), slab.Shape);
        }

        Assert.Equal(type.ByteSize(shape.ElementCount), bytes);
        Assert.Equal(bytes, slabs.Bytes);
        if (slabs.Count > 1) Assert.Equal(shape.Dimensions[axis], rows);
    });

    [Fact]
    public void SlabsAreAsLargeAsRowsAllow() => Sampled.Check(2, 2000, random =>
    {
        var shape = RandomShape(random);
        var slabs = new Slabs(ElementType.Float32, shape);
        if (slabs.Bytes < Slabs.TargetBytes * 3 / 2) Assert.Equal(1, slabs.Count);
        var axis = shape.Dimensions.IndexOfAnyExceptInRange(0, 1);
        if (slabs.Count == 1) return;
        // Rounding to lanes makes it up to half as much again, and the rest that is no slab of its own as much again.
        var rowBytes = slabs.Bytes / shape.Dimensions[axis];
        Assert.All(Enumerable.Range(0, slabs.Count), index => Assert.True(slabs[index].Bytes <= Math.Max(rowBytes, Slabs.TargetBytes * 9L / 4), $"{shape}: {slabs[index]}"));
    });

    [Theory]
    [InlineData("1x64x55x55", "1x32x55x55 1x32x55x55")]
    [InlineData("1x96x54x54", "1x32x54x54 1x32x54x54 1x32x54x54")]
    [InlineData("1x3x224x224", "1x2x224x224 1x1x224x224")]
    [InlineData("1x64x28x28", "1x64x28x28")]
    [InlineData("2x1000000", "1x1000000 1x1000000")]
    [InlineData("", "")]
    [InlineData("1x0x5", "1x0x5")]
    public void BoundariesOfNetworksAreCutSo(string shape, string expected)
    {
        var slabs = new Slabs(ElementType.Float32, Parse(shape));
        Assert.Equal(expected.Split(' ').Select(Parse), Enumerable.Range(0, slabs.Count).Select(index => slabs[index].Shape));
    }

    [Fact]
    public void RowsThatEndWithinAByteAreNotParted() => Assert.Equal(1, new Slabs(ElementType.Int4, new(3, 1_000_001)).Count);

    [Fact]
    public void WhatNoTensorCanTakeIsRefused() => Assert.Throws<OverflowException>(() => new Slabs(ElementType.Float64, new(1L << 40, 1L << 20)));

    [Fact]
    public void ACodecThatTakesNoSlabsHasTheWholeTensor()
    {
        var (whole, cut) = (Slabs.For(new WholeCodec(), ElementType.Float32, Parse("1x3x224x224")), Slabs.For(new RunLengthCodec(), ElementType.Float32, Parse("1x3x224x224")));
        Assert.Equal((1, 2), (whole.Count, cut.Count));
        Assert.Equal(new(Parse("1x3x224x224"), 0, 3 * 224 * 224 * 4), whole[0]);
        Assert.True(whole.IsOf(new WholeCodec(), ElementType.Float32, Parse("1x3x224x224")));
        Assert.False(whole.IsOf(new RunLengthCodec(), ElementType.Float32, Parse("1x3x224x224")));
        Assert.False(cut.IsOf(new WholeCodec(), ElementType.Float32, Parse("1x3x224x224")));
    }

    private static TensorShape Parse(string shape) => new([.. shape.Split('x', StringSplitOptions.RemoveEmptyEntries).Select(static size => long.Parse(size, System.Globalization.CultureInfo.InvariantCulture))]);

    private static TensorShape RandomShape(Random random)
    {
        var dimensions = Enumerable.Range(0, random.Next(5)).Select(_ => (long)(random.Next(4) == 0 ? 1 : random.Next(1, random.Next(4) == 0 ? 3000 : 60))).ToList();
        while (dimensions.Aggregate(1L, static (product, size) => product * size) > 1 << 24) dimensions.RemoveAt(random.Next(dimensions.Count));
        return new([.. dimensions]);
    }
}
