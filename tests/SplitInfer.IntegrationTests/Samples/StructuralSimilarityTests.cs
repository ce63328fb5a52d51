using VideoStream.Video;

namespace SplitInfer.IntegrationTests.Samples;

/// <summary>What tells key frames from others in the sample VideoStream.</summary>
public class StructuralSimilarityTests
{
    private const int Side = 64;

    [Fact]
    public void A_picture_is_like_itself() => Assert.Equal(1, StructuralSimilarity.Between(Picture(1), Picture(1)), precision: 9);

    [Fact]
    public void Pictures_that_have_nothing_to_do_with_one_another_are_not_alike() =>
        Assert.InRange(StructuralSimilarity.Between(Picture(1), Picture(2)), -0.1, 0.1);

    [Fact]
    public void It_is_the_same_in_either_direction() =>
        Assert.Equal(StructuralSimilarity.Between(Picture(1), Picture(2)), StructuralSimilarity.Between(Picture(2), Picture(1)), precision: 9);

    [Fact]
    public void The_more_noise_the_less_alike()
    {
        var last = 1.0;
        foreach (var noise in (double[])[0.02, 0.05, 0.1, 0.2, 0.4, 0.8])
        {
            var similarity = StructuralSimilarity.Between(Picture(1), Picture(1, noise));
            Assert.InRange(similarity, 0, last - 1e-4);
            last = similarity;
        }
    }

    // Grey grain, with another's blended in.
    private static VideoFrame Picture(int seed, double noise = 0)
    {
        var (grain, other) = (new byte[Side * Side], new byte[Side * Side]);
        new Random(seed).NextBytes(grain);
        new Random(99).NextBytes(other);
        return new(Side, Side, [.. grain.SelectMany((value, at) => Enumerable.Repeat((byte)(((1 - noise) * value) + (noise * other[at])), 3))]);
    }
}
