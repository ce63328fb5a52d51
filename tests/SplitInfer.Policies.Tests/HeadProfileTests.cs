namespace SplitInfer.Policies.Tests;

public class HeadProfileTests
{
    [Fact]
    public void Variants_are_measured_and_interpolated_apart()
    {
        var profile = new HeadProfile([[0, 10, 20], [0, 1, 2, 3]]);
        profile.Record(variant: 1, partition: 3, seconds: 0.3);
        Assert.Equal([0.0, 0.1, 0.2, 0.3], Enumerable.Range(0, 4).Select(cut => Math.Round(profile.SecondsOf(variant: 1, cut), 9)));
        Assert.Equal([0.0, 0.0, 0.0], Enumerable.Range(0, 3).Select(cut => profile.SecondsOf(cut)));
        Assert.True(profile.IsMeasured(variant: 1, partition: 3));
        Assert.False(profile.IsMeasured(partition: 2));

        profile.Record(partition: 2, seconds: 1);
        Assert.Equal(0.5, profile.SecondsOf(partition: 1), precision: 9);
        Assert.Equal((2, 3, 4), (profile.Variants, profile.CountOf(variant: 0), profile.CountOf(variant: 1)));
    }

    [Fact]
    public void A_partition_of_another_variant_is_refused()
    {
        var profile = new HeadProfile([[0, 10], [0, 1, 2]]);
        Assert.Throws<ArgumentOutOfRangeException>(() => profile.SecondsOf(variant: 0, partition: 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => profile.Record(variant: 0, partition: -1, seconds: 1));
    }

    [Fact]
    public void What_requests_measure_goes_to_their_variant()
    {
        var updater = new HeadProfileUpdater(new([[0, 10], [0, 10]]));
        updater.Observe(variant: 1, partition: 1, seconds: 2);
        Assert.Equal((0, 2), (updater.Profile.SecondsOf(partition: 1), updater.Profile.SecondsOf(variant: 1, partition: 1)));
    }
}
