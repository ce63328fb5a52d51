using System.CommandLine;
using SplitInfer.Cli.Benchmarks;
using SplitInfer.Cli.Inputs;
using SplitInfer.Cli.Output;
using SplitInfer.Simulation.Crowds;

namespace SplitInfer.Cli.Commands.Bench;

/// <summary>Plays many clients that share servers, and compares who chooses for them.</summary>
internal static class BenchCrowdCommand
{
    private static readonly int[] _usual = [2, 4, 8, 16, 32];

    public static Command Create(SharedOptions options, Terminal terminal)
    {
        var clients = new Option<int[]>("--clients")
        {
            Description = "Numbers of clients, separated by commas, or A..B for 2, 4, 8, 16 and 32 as far as they lie between. [default: 2,4,8,16,32]",
            HelpName = "N,N…",
            CustomParser = Parse,
        };
        var mixed = new Option<bool>("--mixed") { Description = "Clients differ: device, frames a second and bandwidth, by up to twice to either side." };
        var contended = new Option<bool>("--contended") { Description = $"Servers have too much to do, or nearly so, if each client does what is best for it alone; for {RandomCrowd.LeastContended} clients and more." };
        var seed = new Option<int>("--seed") { Description = "Seed of the first world; the same seed gives the same world.", HelpName = "S", DefaultValueFactory = static _ => 1 };
        seed.Require<int>(static value => value is >= 0 and <= 90_000, "takes 0 to 90000.");
        var seeds = new Option<int>("--seeds") { Description = "How many worlds are played, with consecutive seeds.", HelpName = "N", DefaultValueFactory = static _ => 5 };
        seeds.Require<int>(static value => value is >= 1 and <= 10_000, "takes 1 to 10000.");
        var command = new ExplainedCommand("crowd", "Simulates many clients that share a few servers, and compares who chooses for them with the best arms that a search finds.",
            "splitinfer bench crowd",
            "splitinfer bench crowd --clients 8,16,32 --contended --seed 1001 --seeds 20",
            "splitinfer bench crowd --clients 2..32 --mixed --json")
        {
            clients, mixed, contended, seeds, seed,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var lines = parsed.GetValue(options.Json) ? new JsonLines(terminal.Output) : null;
            var rows = new List<CrowdRow>();
            int[] counts = [.. (parsed.GetValue(clients) ?? _usual).Where(count => !parsed.GetValue(contended) || count >= RandomCrowd.LeastContended)];
            if (counts.Length == 0) throw new UsageException($"--contended needs at least {RandomCrowd.LeastContended} clients. Name more by --clients.");
            await terminal.TrackAsync("crowds", counts.Length, step => Task.Run(() =>
            {
                foreach (var count in counts)
                {
                    var played = CrowdRow.Play(number => RandomCrowd.Of(number, count, parsed.GetValue(mixed), parsed.GetValue(contended)), count, parsed.GetValue(seed), parsed.GetValue(seeds), cancellationToken);
                    foreach (var row in played) lines?.Write(row, LineContext.Default.CrowdRow);
                    rows.AddRange(played);
                    step();
                }
            }, cancellationToken));
            if (lines is null) CrowdTable.Write(terminal, rows);
        });
        return command;
    }

    private static int[] Parse(System.CommandLine.Parsing.ArgumentResult result)
    {
        var (values, isWrong) = (new List<int>(), false);
        foreach (var text in result.Tokens.SelectMany(static token => token.Value.Split(',', StringSplitOptions.RemoveEmptyEntries)))
        {
            if (text.Split("..") is [var from, var to] && int.TryParse(from, out var low) && int.TryParse(to, out var high)) values.AddRange(_usual.Where(count => count >= low && count <= high));
            else if (int.TryParse(text, out var value) && value is >= 1 and <= RandomCrowd.MaxClients) values.Add(value);
            else isWrong = Refuse($"--clients takes numbers from 1 to {RandomCrowd.MaxClients}, separated by commas, or a range, not '{text}'.");
        }

        if (values.Count == 0 && !isWrong) Refuse($"--clients takes numbers from 1 to {RandomCrowd.MaxClients}, or a range with 2, 4, 8, 16 or 32 in it.");
        return [.. values.Distinct()];

        bool Refuse(string message)
        {
            result.AddError(message);
            return true;
        }
    }
}
