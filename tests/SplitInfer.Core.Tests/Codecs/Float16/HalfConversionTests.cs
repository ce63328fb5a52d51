using SplitInfer.Codecs.BFloat16;
using SplitInfer.Codecs.Float16;

namespace SplitInfer.Core.Tests.Codecs.Float16;

public sealed class HalfConversionTests
{
    [Fact]
    public void EveryHalfWidensAsTheRuntimeWidensIt()
    {
        var halves = Enumerable.Range(0, 1 << 16).Select(static bits => (ushort)bits).ToArray();
        foreach (var path in CodecPaths.All)
        {
            var values = new uint[halves.Length];
            HalfConversion.Widen(halves, values, path);
            for (var i = 0; i < halves.Length; i++)
            {
                var expected = (float)BitConverter.UInt16BitsToHalf(halves[i]);
                // The runtime makes NaNs quiet; the codec leaves them.
                if (float.IsNaN(expected)) Assert.True(float.IsNaN(BitConverter.UInt32BitsToSingle(values[i])));
                else Assert.Equal(BitConverter.SingleToUInt32Bits(expected), values[i]);
            }
        }
    }

    [Fact]
    public void NumbersNarrowAsTheRuntimeNarrowsThemAndDoNotOverflow()
    {
        foreach (var value in Samples())
        {
            var expected = (Half)value;
            if (float.IsFinite(value) && Half.IsInfinity(expected)) expected = value > 0 ? Half.MaxValue : Half.MinValue;
            var actual = BitConverter.UInt16BitsToHalf(HalfConversion.Narrow(BitConverter.SingleToUInt32Bits(value)));
            if (float.IsNaN(value)) Assert.True(Half.IsNaN(actual));
            else Assert.Equal(BitConverter.HalfToUInt16Bits(expected), BitConverter.HalfToUInt16Bits(actual));
        }
    }

    [Fact]
    public void UpperHalvesAreNearestAndDoNotOverflow()
    {
        foreach (var value in Samples())
        {
            var actual = BitConverter.UInt32BitsToSingle((uint)UpperHalves.Narrow(BitConverter.SingleToUInt32Bits(value)) << 16);
            if (float.IsNaN(value)) Assert.True(float.IsNaN(actual));
            else if (float.IsInfinity(value)) Assert.Equal(value, actual);
            else Assert.True(float.IsFinite(actual) && Math.Abs((double)actual - value) <= Math.Max(Math.Abs((double)value) / 256, 1e-40), $"{value:R} became {actual:R}");
        }
    }

    [Fact]
    public void EveryPathNarrowsAlike()
    {
        var values = Samples().Select(BitConverter.SingleToUInt32Bits).ToArray();
        foreach (var path in CodecPaths.All)
        {
            var (halves, uppers) = (new ushort[values.Length], new ushort[values.Length]);
            HalfConversion.Narrow(values, halves, path);
            UpperHalves.Narrow(values, uppers, path);
            Assert.Equal(values.Select(HalfConversion.Narrow), halves);
            Assert.Equal(values.Select(UpperHalves.Narrow), uppers);
        }
    }

    // Every exponent with mantissas around each rounding, both signs, and the ends of the range.
    private static IEnumerable<float> Samples()
    {
        uint[] mantissas = [0, 1, 0xFFF, 0x1000, 0x1001, 0x1FFF, 0x2000, 0x2FFF, 0x3000, 0x3001, 0x7FFF, 0x8000, 0x8001, 0x1_8000, 0x40_0000, 0x7F_E000, 0x7F_EFFF, 0x7F_F000, 0x7F_FFFF];
        return from sign in (uint[])[0, 1u << 31] from exponent in Enumerable.Range(0, 256) from mantissa in mantissas select BitConverter.UInt32BitsToSingle(sign | (uint)exponent << 23 | mantissa);
    }
}
