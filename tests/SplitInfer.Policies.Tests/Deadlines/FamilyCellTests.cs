using SplitInfer.Policies.Catalog;
using SplitInfer.Simulation.Families;

namespace SplitInfer.Policies.Tests.Deadlines;

/// <summary>
/// MDInference's own family and networks, with ways back that nobody knows before. Nothing was tuned on these seeds. The chooser that knows all
/// laws tells what there is to be had.
/// </summary>
public class FamilyCellTests
{
    private const int Requests = 5000;

    private static readonly Lazy<FamilyScenario> Family = new(() => Read("mdinference"));

    private static readonly Lazy<List<FamilyCell>> Cells = new(() =>
        [.. Family.Value.Networks.SelectMany(static (network, index) => Enumerable.Range(1, 20).Select(step => Play(network, 50 * step, seed: 7001 + index)))]);

    [Fact]
    public void In_every_cell_it_is_as_accurate_as_the_best_model_in_hindsight() =>
        Assert.All(Cells.Value, static cell => Assert.True(cell.Result.Accuracy > cell.StaticAccuracy - 0.002, $"{cell.Network} {cell.DeadlineMs} ms: {cell.Result.Accuracy:P2} against {cell.StaticAccuracy:P2} of {cell.BestStatic}"));

    [Fact]
    public void In_every_cell_it_is_nearly_as_accurate_as_who_knows_all_laws() =>
        Assert.All(Cells.Value, static cell => Assert.True(cell.Result.Accuracy > cell.InformedAccuracy - 0.004, $"{cell.Network} {cell.DeadlineMs} ms: {cell.Result.Accuracy:P2} against {cell.InformedAccuracy:P2}"));

    [Fact]
    public void The_published_rule_is_nowhere_better_and_far_worse_where_the_network_takes_most_of_the_time()
    {
        Assert.All(Cells.Value, static cell => Assert.True(cell.Result.Accuracy > cell.Published.Accuracy - 0.002, $"{cell.Network} {cell.DeadlineMs} ms"));

        // Tight: whoever knows the laws gains more than 5 points over the published rule.
        FamilyCell[] tight = [.. Cells.Value.Where(static cell => cell.InformedAccuracy > cell.Published.Accuracy + 0.053)];
        Assert.InRange(tight.Length, 8, 40);
        Assert.All(tight, static cell => Assert.InRange(cell.Result.Accuracy - cell.Published.Accuracy, 0.05, 0.2));
    }

    [Fact]
    public void It_does_better_than_any_one_model_somewhere_on_every_network() =>
        Assert.All(Cells.Value.GroupBy(static cell => cell.Network), static network => Assert.True(network.Max(static cell => cell.Result.Accuracy - cell.StaticAccuracy) > 0.006, network.Key));

    [Fact]
    public void There_is_nearly_always_an_answer_and_the_device_runs_in_vain_only_shortly_before_the_deadline() => Assert.All(Cells.Value, static cell =>
    {
        Assert.InRange(cell.Result.NothingShare, 0, 0.001);
        Assert.InRange(cell.Result.HedgedShare - cell.Result.LateShare, 0, 0.3);
        if (cell.Result.LateShare < 0.03) Assert.InRange(cell.Result.HedgedShare, 0, 0.15);
    });

    [Fact]
    public void The_same_seed_gives_the_same_cell() =>
        Assert.Equal(Play(Family.Value.Networks[1], 250, seed: 3), Play(Family.Value.Networks[1], 250, seed: 3));

    private static FamilyCell Play(Network network, double deadlineMs, int seed)
    {
        var scenario = new FamilyScenario
        {
            Name = Family.Value.Name,
            Requests = Requests,
            ChoosesOnServer = Family.Value.ChoosesOnServer,
            Variants = Family.Value.Variants,
            Networks = Family.Value.Networks,
            DeadlinesMs = Family.Value.DeadlinesMs,
        };
        return FamilyCell.Play(scenario, network, deadlineMs, () => PolicyCatalog.Create(PolicyNames.MuLinUcb, FamilySimulator.SetupOf(scenario)), seed);
    }

    private static FamilyScenario Read(string name) => FamilyReader.FindFile(Path.Combine(AppContext.BaseDirectory, "families", name + ".json"))!;
}
