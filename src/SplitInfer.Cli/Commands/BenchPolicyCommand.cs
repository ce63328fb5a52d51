using System.CommandLine;
using System.Globalization;
using SplitInfer.Cli.Benchmarks;
using SplitInfer.Cli.Output;
using SplitInfer.Client.Policies;

namespace SplitInfer.Cli.Commands;

/// <summary>Plays all policies against all scenarios and times their decisions.</summary>
internal static class BenchPolicyCommand
{
    public static Command Create(SharedOptions options, Terminal terminal)
    {
        var folder = new Option<string?>("--scenarios") { Description = "Play the .json files below this folder rather than the scenarios that come with the tool.", HelpName = "DIR" };
        var seeds = new Option<int>("--seeds") { Description = "How many times each is played, each time with other noise.", HelpName = "N", DefaultValueFactory = static _ => 8 };
        seeds.Validators.Add(static result => { if (result.Tokens is [var token] && int.TryParse(token.Value, CultureInfo.InvariantCulture, out var count) && count < 1) result.AddError("--seeds takes 1 or more."); });
        var command = new ExplainedCommand("policy", "Plays all policies against described worlds, beside an oracle, and times their decisions.",
            "splitinfer bench policy",
            "splitinfer bench policy --scenarios ./worlds --seeds 20 --json")
        {
            folder, seeds,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            var lines = parsed.GetValue(options.Json) ? new JsonLines(terminal.Output) : null;
            var benchmark = new PolicyBenchmark(parsed.GetValue(seeds));
            var rows = new List<PolicyRow>();
            foreach (var row in (parsed.GetValue(folder) is { } path ? ScenarioLibrary.In(path) : ScenarioLibrary.Own()).SelectMany(benchmark.Run))
            {
                cancellationToken.ThrowIfCancellationRequested();
                rows.Add(row);
                lines?.Write(row, LineContext.Default.PolicyRow);
                if (terminal.IsErrorTerminal) terminal.Error.WriteLine($"{row.Scenario}, {row.Policy}: {row.ExcessRatio:P1} over the oracle");
            }

            var decisions = PolicyNames.All.Select(new DecisionBenchmark(TimeProvider.System).Run).ToArray();
            foreach (var row in decisions) lines?.Write(row, LineContext.Default.DecisionRow);
            if (lines is null) PolicyTable.Write(terminal, rows, decisions);
            return Task.CompletedTask;
        });
        return command;
    }
}
