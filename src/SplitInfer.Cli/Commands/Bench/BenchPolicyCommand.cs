using System.CommandLine;
using SplitInfer.Cli.Benchmarks;
using SplitInfer.Cli.Output;
using SplitInfer.Policies;
using SplitInfer.Simulation.RandomWorlds;

namespace SplitInfer.Cli.Commands.Bench;

/// <summary>Plays all policies against all scenarios and times their decisions.</summary>
internal static class BenchPolicyCommand
{
    public static Command Create(SharedOptions options, Terminal terminal)
    {
        var folder = new Option<string?>("--scenarios") { Description = "Play the .json files below this folder rather than the scenarios that come with the tool.", HelpName = "DIR" };
        var seeds = new Option<int>("--seeds") { Description = "How many times each is played, each time with other noise.", HelpName = "N", DefaultValueFactory = static _ => 8 };
        seeds.Require<int>(static count => count >= 1, "takes 1 or more.");
        var random = new Option<int?>("--random") { Description = "Play this many random worlds rather than the scenarios that come with the tool.", HelpName = "N" };
        random.Require<int>(static count => count >= 1, "takes 1 or more.");
        var families = new Option<int?>("--families") { Description = "Play this many random worlds of several variants and codecs, in which the default chooses all of it together, beside the best single knob of each.", HelpName = "N" };
        families.Require<int>(static count => count >= 1, "takes 1 or more.");
        var joint = new Option<int?>("--joint") { Description = "Play this many random worlds of variants, codecs, exits and two servers, in which the default chooses all of it together, beside the best single knob of each.", HelpName = "N" };
        joint.Require<int>(static count => count >= 1, "takes 1 or more.");
        var budget = new Option<double[]>("--budget") { Description = "With --joint, the loss of accuracy that is acceptable; 0.001, 0.01 and 0.03 unless given.", HelpName = "LOSS", AllowMultipleArgumentsPerToken = true };
        var news = new Option<bool>("--news") { Description = "With --joint, something happens in every world, to what is best in it: good or bad, of link, server and device." };
        var deadline = new Option<double[]>("--deadline") { Description = "With --joint, what is most accurate by this deadline is chosen rather than what takes least time.", HelpName = "MS", AllowMultipleArgumentsPerToken = true };
        var seed = new Option<int>("--seed") { Description = "Makes the random worlds; the same seed gives the same worlds.", HelpName = "S" };
        var oneCore = new Option<bool>("--one-core") { Description = "Tell the policies that the device has one core, so that what they measure is to be doubted." };
        var command = new ExplainedCommand("policy", "Plays all policies against described worlds, beside an oracle, and times their decisions.",
            "splitinfer bench policy",
            "splitinfer bench policy --scenarios ./worlds --seeds 20 --json",
            "splitinfer bench policy --random 200 --seed 7 --seeds 2 --one-core",
            "splitinfer bench policy --families 500 --seed 911",
            "splitinfer bench policy --joint 500 --seed 1001 --budget 0.01")
        {
            folder, seeds, random, families, joint, budget, news, deadline, seed, oneCore, options.NoRaces,
        };
        command.Validators.Add(result =>
        {
            foreach (var other in result.GetResult(families) is null ? [] : (Option[])[folder, seeds, random, oneCore, options.NoRaces])
                if (result.GetResult(other) is { Implicit: false }) result.AddError($"{other.Name} has no meaning with --families. Leave one of them out.");
            foreach (var other in result.GetResult(joint) is null ? [] : (Option[])[folder, seeds, random, families, oneCore, options.NoRaces])
                if (result.GetResult(other) is { Implicit: false }) result.AddError($"{other.Name} has no meaning with --joint. Leave one of them out.");
            foreach (var other in result.GetResult(joint) is not null ? [] : (Option[])[budget, news, deadline])
                if (result.GetResult(other) is { Implicit: false }) result.AddError($"{other.Name} has a meaning only with --joint. Add that or leave it out.");
            foreach (var other in result.GetResult(deadline) is null ? [] : (Option[])[budget, news])
                if (result.GetResult(other) is { Implicit: false }) result.AddError($"{other.Name} has no meaning with --deadline. Leave one of them out.");
            if (result.GetResult(deadline) is { Implicit: false } && result.GetValue(deadline)!.Any(static ms => !(ms > 0))) result.AddError("--deadline takes milliseconds above 0.");
            if (result.GetResult(budget) is { Implicit: false } && result.GetValue(budget)!.Any(static loss => loss is not (>= 0 and < 1))) result.AddError("--budget takes a loss from 0 to below 1, such as 0.01 for a point.");
        });
        command.SetAction((parsed, cancellationToken) =>
        {
            var lines = parsed.GetValue(options.Json) ? new JsonLines(terminal.Output) : null;
            if (parsed.GetValue(families) is { } worlds)
            {
                PlayFamilies(terminal, lines, worlds, parsed.GetValue(seed), cancellationToken);
                return Task.CompletedTask;
            }

            if (parsed.GetValue(joint) is { } byDeadline && parsed.GetValue(deadline) is { Length: > 0 } deadlines)
            {
                PlayByDeadline(terminal, lines, byDeadline, parsed.GetValue(seed), deadlines, cancellationToken);
                return Task.CompletedTask;
            }

            if (parsed.GetValue(joint) is { } played)
            {
                PlayJoint(terminal, lines, played, parsed.GetValue(seed), parsed.GetValue(budget) is { Length: > 0 } given ? given : [0.001, 0.01, 0.03], parsed.GetValue(news), cancellationToken);
                return Task.CompletedTask;
            }

            var benchmark = new PolicyBenchmark(parsed.GetValue(seeds), !parsed.GetValue(options.NoRaces), parsed.GetValue(oneCore));
            var rows = new List<PolicyRow>();
            var scenarios = parsed.GetValue(random) is { } count ? RandomWorld.Sequence(count, parsed.GetValue(seed))
                : parsed.GetValue(folder) is { } path ? ScenarioLibrary.In(path)
                : ScenarioLibrary.Own();
            foreach (var row in scenarios.SelectMany(benchmark.Run))
            {
                cancellationToken.ThrowIfCancellationRequested();
                rows.Add(row);
                lines?.Write(row, LineContext.Default.PolicyRow);
                if (terminal.IsErrorTerminal) terminal.Error.WriteLine($"{row.Scenario}, {row.Policy}: {row.ExcessRatio:P1} over the oracle");
            }

            var timing = new DecisionBenchmark(TimeProvider.System);
            DecisionRow[] decisions = [.. PolicyNames.All.SelectMany(timing.Run), .. timing.RunByDeadline()];
            foreach (var row in decisions) lines?.Write(row, LineContext.Default.DecisionRow);
            if (lines is not null) return Task.CompletedTask;
            if (parsed.GetValue(random) is not null) RandomWorldTable.Write(terminal, rows);
            else PolicyTable.Write(terminal, rows);
            PolicyTable.Write(terminal, decisions);
            return Task.CompletedTask;
        });
        return command;
    }

    private static void PlayJoint(Terminal terminal, JsonLines? lines, int worlds, int seed, double[] budgets, bool news, CancellationToken cancellationToken)
    {
        var rows = new List<JointRow>();
        foreach (var budget in budgets)
        {
            foreach (var kind in news ? Enum.GetValues<JointKind>().Where(static kind => kind is not JointKind.Steady) : [JointKind.Steady])
            {
                var first = rows.Count;
                foreach (var world in RandomJoint.Sequence(worlds, seed, budget, kind))
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    rows.Add(JointRow.Play(world, kind, budget, unchecked((seed * 7_919) + rows.Count)));
                    lines?.Write(rows[^1], LineContext.Default.JointRow);
                }

                lines?.Write(JointSummary.Of(rows[first..]), LineContext.Default.JointSummary);
            }
        }

        if (lines is null) JointTable.Write(terminal, rows);
    }

    private static void PlayByDeadline(Terminal terminal, JsonLines? lines, int worlds, int seed, double[] deadlines, CancellationToken cancellationToken)
    {
        var rows = new List<JointDeadlineRow>();
        foreach (var deadline in deadlines)
        {
            var first = rows.Count;
            foreach (var world in RandomJoint.Sequence(worlds, seed, budget: 0.01))
            {
                cancellationToken.ThrowIfCancellationRequested();
                rows.Add(JointDeadlineRow.Play(world, deadline, unchecked((seed * 7_919) + rows.Count)));
                lines?.Write(rows[^1], LineContext.Default.JointDeadlineRow);
            }

            lines?.Write(JointDeadlineSummary.Of(rows[first..]), LineContext.Default.JointDeadlineSummary);
        }

        if (lines is null) JointTable.Write(terminal, rows);
    }

    private static void PlayFamilies(Terminal terminal, JsonLines? lines, int worlds, int seed, CancellationToken cancellationToken)
    {
        var rows = new List<FamilyRow>();
        foreach (var world in RandomFamily.Sequence(worlds, seed))
        {
            cancellationToken.ThrowIfCancellationRequested();

            // Errors of tables are of each world its own, or all would have the same arm wrong.
            rows.Add(FamilyRow.Play(world, unchecked((seed * 7_919) + rows.Count)));
            lines?.Write(rows[^1], LineContext.Default.FamilyRow);
        }

        if (lines is null) FamilyTable.Write(terminal, rows);
        else lines.Write(FamilySummary.Of(rows), LineContext.Default.FamilySummary);
    }
}
