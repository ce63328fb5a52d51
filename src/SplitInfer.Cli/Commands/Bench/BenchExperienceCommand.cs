using System.CommandLine;
using SplitInfer.Cli.Benchmarks;
using SplitInfer.Cli.Output;
using SplitInfer.Simulation.Experience;

namespace SplitInfer.Cli.Commands.Bench;

/// <summary>Plays the choice of variants by ratings against simulated users.</summary>
internal static class BenchExperienceCommand
{
    private const int LeastDevices = 60;

    public static Command Create(SharedOptions options, Terminal terminal)
    {
        var seeds = Count("--seeds", "N", "How many worlds are played, with consecutive seeds.", 1, least: 1);
        var seed = Count("--seed", "S", "Seed of the first world; the same seed gives the same users, devices and days.", 1, least: 0);
        var devices = Count("--devices", "N", "Devices of a world; the last fifth comes when the others have taught the fleet. There is a user for five of them.", 1000, LeastDevices);
        var days = Count("--days", "N", "Days for which a device is used, with three sessions each.", 20, least: 1);
        var spread = new Option<double>("--patience-spread") { Description = "How far users differ in patience: the standard deviation of its logarithm.", HelpName = "X", DefaultValueFactory = static _ => 0.7 };
        spread.Require<double>(static value => value is >= 0 and <= 3, "takes 0 to 3.");
        var command = new ExplainedCommand("experience", "Lets simulated users rate variants, and compares who chooses them with an oracle that knows each user's mind.",
            "splitinfer bench experience",
            "splitinfer bench experience --seeds 20 --seed 101 --json",
            "splitinfer bench experience --devices 120 --patience-spread 0.9")
        {
            seeds, seed, devices, days, spread,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            var lines = parsed.GetValue(options.Json) ? new JsonLines(terminal.Output) : null;
            var (first, fleet) = (parsed.GetValue(seed), parsed.GetValue(devices));
            ExperienceWorld[] worlds = [.. Enumerable.Range(0, parsed.GetValue(seeds)).Select(i => new ExperienceWorld(first + i, fleet, fleet / 5, parsed.GetValue(days), patienceSpread: parsed.GetValue(spread)))];
            var rows = new List<ExperienceRow>();
            foreach (var contender in Enum.GetValues<ExperienceContender>())
            {
                rows.Add(ExperienceRow.Play(contender, worlds, cancellationToken));
                lines?.Write(rows[^1], LineContext.Default.ExperienceRow);
                if (terminal.IsErrorTerminal) terminal.Error.WriteLine($"{contender}: {rows[^1].Ratio:P1} of the oracle's");
            }

            if (lines is null) ExperienceTable.Write(terminal, rows);
            return Task.CompletedTask;
        });
        return command;
    }

    private static Option<int> Count(string name, string helpName, string description, int value, int least)
    {
        var option = new Option<int>(name) { Description = description, HelpName = helpName, DefaultValueFactory = _ => value };
        option.Require<int>(count => count >= least && count <= 1_000_000, $"takes {least} to 1000000.");
        return option;
    }
}
