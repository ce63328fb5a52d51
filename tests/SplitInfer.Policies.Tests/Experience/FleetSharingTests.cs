using Microsoft.Extensions.Time.Testing;
using SplitInfer.Policies.Experience;
using static SplitInfer.Policies.Tests.Experience.RatedVariants;

namespace SplitInfer.Policies.Tests.Experience;

/// <summary>What devices share of their ratings, and take of those of others.</summary>
public class FleetSharingTests
{
    [Fact]
    public void What_a_fleet_rates_best_a_new_device_takes_at_once_and_other_levels_of_rating_do_not_change_that()
    {
        for (var liked = 0; liked < Variants.Length; liked++)
        {
            var fleet = ExperienceStatistics.Empty;
            for (var device = 0; device < 20; device++)
            {
                var teacher = new ExperienceModel();
                teacher.Receive(fleet);
                Teach(teacher, 0, 25, liked, level: device % 2 * 0.3);
                if (teacher.TakeShare() is { } share) fleet = fleet.Plus(share);
            }

            var model = new ExperienceModel();
            model.Receive(fleet);
            Assert.Equal(liked, model.Choose(0, Device, Variants).Variant);
        }
    }

    [Fact]
    public void What_came_back_from_the_fleet_counts_once()
    {
        var model = new ExperienceModel(new() { Memory = 1 });
        Teach(model, 0, 20, liked: 1);
        var before = model.Choose(100, Device, Variants);
        var share = model.TakeShare();
        Assert.NotNull(share);
        model.Receive(share);
        var after = model.Choose(101, Device, Variants);
        Assert.Equal(before.Variant, after.Variant);
        Assert.Equal(before.ExpectedRating, after.ExpectedRating, 4);
        Assert.Equal(before.Deviation, after.Deviation, 4);
    }

    [Theory]
    [InlineData(6)]
    [InlineData(20)]
    [InlineData(200)]
    public void A_share_that_did_not_come_back_takes_nothing_away(int ratings)
    {
        var model = new ExperienceModel();
        Teach(model, 0, ratings, liked: 1);
        var before = model.Choose(1000, Device, Variants);
        Assert.NotNull(model.TakeShare());
        var restored = new ExperienceModel();
        restored.State.Restore(new(Numbers(model)));
        AssertAlike(before, restored.Choose(1001, Device, Variants));

        // An older sum, one that was begun anew, one in which the share was lost.
        foreach (var device in (ExperienceModel[])[model, restored])
        {
            device.Receive(ExperienceStatistics.Empty.Plus(ExperienceStatistics.Empty));
            AssertAlike(before, device.Choose(1002, Device, Variants));
            device.Receive(RandomStatistics.Of(4));
        }

        var withoutShare = new ExperienceModel();
        Teach(withoutShare, 0, ratings, liked: 1);
        withoutShare.Receive(RandomStatistics.Of(4));
        var expected = withoutShare.Choose(1003, Device, Variants);
        AssertAlike(expected, model.Choose(1003, Device, Variants));
        AssertAlike(expected, restored.Choose(1003, Device, Variants));
    }

    [Fact]
    public void What_was_shared_before_a_restart_is_taken_off_what_is_received_after_it()
    {
        var others = RandomStatistics.Of(4);
        var model = new ExperienceModel();
        Teach(model, 0, 40, liked: 1);
        model.Receive(others);
        var before = model.Choose(1000, Device, Variants);
        var share = model.TakeShare();
        Assert.NotNull(share);
        var saved = Numbers(model);
        foreach (var isReceivedFirst in (bool[])[false, true])
        {
            var restored = new ExperienceModel();
            if (isReceivedFirst) restored.Receive(others.Plus(share));
            restored.State.Restore(new(saved));
            if (!isReceivedFirst) restored.Receive(others.Plus(share));
            AssertAlike(before, restored.Choose(1000, Device, Variants));
        }
    }

    [Fact]
    public void It_shares_what_adds_something_and_not_too_often()
    {
        var time = new FakeTimeProvider();
        var model = new ExperienceModel(time: time);
        Assert.Null(model.TakeShare());
        Teach(model, 0, 10, liked: 1);
        Assert.NotNull(model.TakeShare());
        Teach(model, 100, 10, liked: 1);
        Assert.Null(model.TakeShare());
        time.Advance(TimeSpan.FromDays(1));
        Assert.NotNull(model.TakeShare());

        // A fleet that knows all of it needs no more.
        var known = ExperienceStatistics.Empty;
        for (var i = 0; i < 4000; i++) known = known.Plus(RandomStatistics.Of(i % 40));
        var late = new ExperienceModel(time: time);
        late.Receive(known);
        Teach(late, 0, 2, liked: 1);
        Assert.Null(late.TakeShare());
    }

    [Fact]
    public void A_restart_brings_no_further_share_nor_does_a_clock_that_is_set_back()
    {
        var time = new FakeTimeProvider();
        var model = new ExperienceModel(time: time);
        Teach(model, 0, 10, liked: 1);
        Assert.NotNull(model.TakeShare());
        Teach(model, 100, 10, liked: 1);
        var restarted = new ExperienceModel(time: time);
        restarted.State.Restore(new(Numbers(model)));
        time.Advance(TimeSpan.FromHours(23));
        Assert.Null(restarted.TakeShare());
        time.Advance(TimeSpan.FromHours(1));
        Assert.NotNull(restarted.TakeShare());

        Teach(restarted, 200, 10, liked: 1);
        var back = new FakeTimeProvider(time.GetUtcNow() - TimeSpan.FromDays(300));
        var again = new ExperienceModel(time: back);
        again.State.Restore(new(Numbers(restarted)));
        Assert.Null(again.TakeShare());
        back.Advance(TimeSpan.FromDays(1));
        Assert.NotNull(again.TakeShare());
    }
}
