namespace SplitInfer.Simulation.RandomWorlds;

/// <summary>
/// Random exits on the cuts of a variant. How many inputs they answer depends on the task, on how deep they are and on what they may lose, as it does in real models.
/// </summary>
/// <remarks>
/// <code>
/// ln q/(1 − q) = ln r/(1 − r) + a·(d − 0.2) + b·ln(l / 0.001)
/// q      share of inputs that the exit answers
/// r      the same at a fifth of the work and a loss of 0.1 points: 55 to 66 % for an easy task, as digits are, 5 to 40 % for others
/// d      part of the work that is done at the exit
/// l      loss of accuracy: 0.1, 0.5 or 2 points
/// a, b   3 to 6, and 0.45: of digits 57 % leave at 0.02 points and 78 % at 0.18
/// </code>
/// Forced to answer all inputs, an exit at a fifth of the work loses 1 to 6 points of an easy task and 10 to 50 of another, and the less the deeper it is. It loses no more than it would
/// if it were wrong wherever it is not sure: where it is sure it answers as it would unforced.
/// </remarks>
internal static class RandomExits
{
    private const double Depth = 0.2, Loss = 0.001, ByLoss = 0.45;
    private const double EasyTasks = 1.0 / 3;
    private const double MinDepth = 0.1, MaxDepth = 0.8;
    private const int MostExits = 3;

    private static readonly double[] Losses = [0.001, 0.005, 0.02];

    /// <summary>How hard the task of a family is.</summary>
    public static ExitTask DrawTask(ScenarioRandom draws) => draws.Flag(EasyTasks)
        ? new(draws.Uniform(0.55, 0.66), draws.Uniform(3, 6), draws.LogUniform(0.01, 0.06))
        : new(draws.Uniform(0.05, 0.4), draws.Uniform(3, 6), draws.LogUniform(0.1, 0.5));

    /// <summary>The exits of a variant, by rising cut; three variants in ten have none.</summary>
    /// <param name="draws">Where everything is drawn from.</param>
    /// <param name="task">The task.</param>
    /// <param name="arms">The arms of the variant by rising cut, the device's last.</param>
    public static RandomExit[] Draw(ScenarioRandom draws, ExitTask task, ScenarioArm[] arms)
    {
        if (draws.Flag(0.3)) return [];
        var whole = arms[^1].HeadMs;
        var odds = Math.Log(task.Rate / (1 - task.Rate)) + Math.Log(draws.Factor(0.2));
        var cuts = new SortedSet<int>();
        for (var exit = draws.Whole(1, MostExits); exit > 0; exit--)
        {
            var depth = draws.Uniform(MinDepth, MaxDepth);
            var nearest = arms.SkipLast(1).Where(arm => arm.HeadMs > 0 && arm.HeadMs < whole).MinBy(arm => Math.Abs((arm.HeadMs / whole) - depth));
            if (nearest is not null) cuts.Add(nearest.Partition);
        }

        var exits = new List<RandomExit>();
        foreach (var cut in cuts)
        {
            var depth = arms.First(arm => arm.Partition == cut).HeadMs / whole;
            var ms = whole * draws.LogUniform(0.0005, 0.01);
            foreach (var loss in Losses) exits.Add(new(cut, new(exits.Count + 1, Logistic(odds + (task.ByDepth * (depth - Depth)) + (ByLoss * Math.Log(loss / Loss))), ms), loss));
            var (surest, sureLoss) = (exits[^1].Exit.Rate, exits[^1].Loss);
            exits.Add(new(cut, new(exits.Count + 1, 1, ms), Math.Min(1 - surest + sureLoss, task.ForcedLoss * Math.Pow((1 - depth) / (1 - Depth), 1.5))));
        }

        return [.. exits];
    }

    private static double Logistic(double x) => 1 / (1 + Math.Exp(-x));
}

/// <summary>How hard a task is for exits.</summary>
/// <param name="Rate">Share of inputs that leave at a fifth of the work and a loss of 0.1 points.</param>
/// <param name="ByDepth">By how much the logarithm of its odds rises over the whole model.</param>
/// <param name="ForcedLoss">What an exit at a fifth of the work loses if it answers all inputs.</param>
internal sealed record ExitTask(double Rate, double ByDepth, double ForcedLoss);

/// <summary>An exit of a variant with its threshold.</summary>
/// <param name="Partition">The cut that it is on.</param>
/// <param name="Exit">Its number, rate and delay.</param>
/// <param name="Loss">What it loses of the variant's accuracy.</param>
internal sealed record RandomExit(int Partition, ScenarioExit Exit, double Loss)
{
    /// <summary>Whether it answers whatever its confidence.</summary>
    public bool IsForced => Exit.Rate >= 1;
}
