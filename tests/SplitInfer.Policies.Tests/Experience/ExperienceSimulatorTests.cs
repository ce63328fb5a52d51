using SplitInfer.Simulation.Experience;

namespace SplitInfer.Policies.Tests.Experience;

/// <summary>A small world of simulated users; docs/experience.md has the figures of full ones.</summary>
public class ExperienceSimulatorTests
{
    private static readonly ExperienceWorld World = new(seed: 7, devices: 180, users: 60, days: 14);

    [Fact]
    public void New_devices_have_nearly_all_that_there_is_to_be_had_after_few_ratings_and_few_questions()
    {
        var shared = Play(ExperienceContender.Shared);
        Assert.InRange(shared.RatioFromRatings[5], 0.95, 1);
        Assert.InRange(shared.AskedShare, 0.01, 0.12);
        Assert.InRange(shared.MostUploadBytes, 1, 4000);
        Assert.InRange(shared.Content / Play(ExperienceContender.BestStatic).Content, 1.05, 2);
        Assert.InRange(shared.Content / Play(ExperienceContender.LeastTime).Content, 1.1, 2);
        Assert.True(shared.Content > 1.03 * Play(ExperienceContender.Alone).Content);
    }

    [Fact]
    public void Careless_raters_and_few_questions_cost_little()
    {
        var shared = Play(ExperienceContender.Shared).Content;
        Assert.InRange(Play(ExperienceContender.SharedCareless).Content / shared, 0.98, 1.02);
        Assert.InRange(Play(ExperienceContender.SharedAlwaysAsking).Content / shared, 0.98, 1.02);
    }

    [Fact]
    public void Nobody_exceeds_the_oracle_and_the_same_seed_gives_the_same_world()
    {
        foreach (var contender in Enum.GetValues<ExperienceContender>()) Assert.InRange(Play(contender, Tiny()).Ratio, 0.3, 1);
        Assert.Equal(1, Play(ExperienceContender.Oracle, Tiny()).Ratio);
        Assert.Equal(Play(ExperienceContender.Shared, Tiny()).Content, Play(ExperienceContender.Shared, Tiny()).Content);
        Assert.NotEqual(Play(ExperienceContender.Shared, Tiny()).Content, Play(ExperienceContender.Shared, Tiny(8)).Content);
    }

    private static ExperienceWorld Tiny(int seed = 3) => new(seed, devices: 30, users: 10, days: 4);

    private static ExperienceResult Play(ExperienceContender contender, ExperienceWorld? world = null) => new ExperienceSimulator(world ?? World).Play(contender);
}
