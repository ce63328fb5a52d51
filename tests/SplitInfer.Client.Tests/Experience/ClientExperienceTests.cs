using Microsoft.Extensions.Time.Testing;
using SplitInfer.Client.Experience;
using SplitInfer.Policies;
using SplitInfer.Policies.Experience;

namespace SplitInfer.Client.Tests.Experience;

/// <summary>What a client tells its model of sessions in which another variant has answered than the one that was chosen.</summary>
public class ClientExperienceTests
{
    private static readonly VariantFeatures[] Variants = [new() { Accuracy = 0.9, Bytes = 1e7, Seconds = 1 }, new() { Accuracy = 0.7, Bytes = 1e6, Seconds = 0.01 }];

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    [InlineData(0, 1)]
    public void A_rating_is_of_the_variant_that_has_given_most_of_the_answers(int byOther, int byChosen)
    {
        var model = new ExperienceModel();
        var experience = Of(model);
        var (session, variant) = experience.Begin([]);
        Assert.Equal(1, variant);
        var lateness = 0.0;
        for (var request = 0; request < byOther + byChosen; request++)
        {
            experience.End(session, variant, request < byOther ? 0 : 1, seconds: 0.05);
            lateness += 0.1 * ((request < byOther ? 1 : 0) - lateness);
        }

        Assert.True(experience.Rate(0.3));
        // How often the other one is late is not known, so it counts as the one that is known.
        var rated = byOther > byChosen ? Variants[0] with { Lateness = lateness } : Variants[1];
        var direct = new ExperienceModel();
        direct.Choose(1, experience.Device, [rated]);
        direct.Rate(1, 0.3, 0.05);
        Assert.Equal(Numbers(direct), Numbers(model));
    }

    [Fact]
    public void What_a_session_took_says_nothing_of_a_variant_that_stood_in()
    {
        var experience = Of(new ExperienceModel(new() { SignalWeight = 0 }));
        for (var repeat = 0; repeat < 3; repeat++)
        {
            // The more accurate one would be chosen if it were as fast.
            var (session, variant) = experience.Begin([]);
            Assert.Equal(1, variant);
            experience.End(session, variant, answered: 0, seconds: 0.01);
            experience.EndSession();
        }
    }

    private static ClientExperience Of(ExperienceModel model) => new(model, Variants, static _ => 0, new FakeTimeProvider());

    private static double[] Numbers(ExperienceModel model)
    {
        var writer = new PolicyStateWriter();
        model.State.Save(writer);
        return [.. writer.Numbers];
    }
}
