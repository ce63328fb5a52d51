using SplitInfer.Policies.Experience;
using static SplitInfer.Policies.Tests.Experience.RatedVariants;

namespace SplitInfer.Policies.Tests.Experience;

/// <summary>What a model is restored from, and the options that it can count with.</summary>
public class ExperienceStateTests
{
    [Fact]
    public void What_was_learned_comes_back_number_for_number_and_what_cannot_be_is_refused()
    {
        var model = new ExperienceModel();
        Teach(model, 0, 12, liked: 0);
        Assert.NotNull(model.TakeShare());
        Teach(model, 50, 12, liked: 0);
        var saved = Numbers(model);
        var restored = new ExperienceModel();
        restored.State.Restore(new(saved));
        Assert.Equal(saved, Numbers(restored));
        Assert.Equal(model.Choose(100, Device, Variants), restored.Choose(100, Device, Variants));

        var fresh = new ExperienceModel();
        var before = Numbers(fresh);
        for (var at = 0; at < saved.Length; at += 7)
        {
            var damaged = (double[])saved.Clone();
            damaged[at] = double.NaN;
            Assert.Throws<PolicyStateException>(() => fresh.State.Restore(new(damaged)));
            Assert.Throws<PolicyStateException>(() => fresh.State.Restore(new(saved.AsMemory(0, at))));
        }

        Assert.Throws<PolicyStateException>(() => fresh.State.Restore(new((double[])[.. saved, 0])));
        Assert.Equal(before, Numbers(fresh));
    }

    /// <summary>Such a model would never learn again: its precision matrix has no factor.</summary>
    [Fact]
    public void Saved_sums_that_no_ratings_give_are_refused()
    {
        var model = new ExperienceModel();
        Teach(model, 0, 12, liked: 0);
        var saved = Numbers(model);
        var restored = new ExperienceModel();
        restored.State.Restore(new(saved));
        var packed = ExperienceStatistics.Packed + FeatureMap.Dimension + 1;
        foreach (var sums in (int[])[0, packed])
        {
            // The weight is followed by A by rows, as far as the diagonal, and b: a product of two features, the square of one, and a pull at one that no rating shows.
            foreach (var (at, number) in ((int, double)[])[(2, -12), (2, 12), (10, 0), (packed - 1, 11)])
            {
                var damaged = (double[])saved.Clone();
                damaged[sums + at] = number;
                Assert.Throws<PolicyStateException>(() => restored.State.Restore(new(damaged)));
            }
        }

        Assert.Equal(saved, Numbers(restored));
    }

    [Theory]
    [InlineData(1e-6)]
    [InlineData(1.0)]
    [InlineData(1e6)]
    public void Deviations_that_are_taken_leave_a_model_that_chooses_and_learns(double rating)
    {
        double[] allowed = [1e-6, 1, 1e6];
        foreach (var level in allowed)
            foreach (var taste in allowed)
                foreach (var prior in allowed)
                {
                    var model = new ExperienceModel(new() { RatingDeviation = rating, LevelDeviation = level, TasteDeviation = taste, PriorDeviation = prior });
                    model.Receive(RandomStatistics.Of(3));
                    Teach(model, 0, 60, liked: 1);
                    var choice = model.Choose(100, Device, Variants);
                    Assert.True(double.IsFinite(choice.ExpectedRating) && double.IsFinite(choice.Deviation));
                    // Where ratings are exact and nothing was believed before, they are all that counts.
                    if (rating < 1 && prior >= 1) Assert.Equal(1, choice.Variant);
                    model.TakeShare();
                }
    }

    [Theory]
    [InlineData(1e200)]
    [InlineData(1e-200)]
    [InlineData(1.1e6)]
    [InlineData(0.9e-6)]
    public void Deviations_that_no_model_can_count_with_are_refused(double deviation)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new ExperienceModel(new() { RatingDeviation = deviation }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ExperienceModel(new() { LevelDeviation = deviation }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ExperienceModel(new() { TasteDeviation = deviation }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ExperienceModel(new() { PriorDeviation = deviation }));
    }
}
