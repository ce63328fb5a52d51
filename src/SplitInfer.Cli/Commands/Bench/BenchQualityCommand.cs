using System.CommandLine;
using SplitInfer.Cli.Benchmarks;
using SplitInfer.Cli.Output;
using SplitInfer.Simulation.Quality;

namespace SplitInfer.Cli.Commands.Bench;

/// <summary>Plays controllers of quality, and what they are compared with, against simulated users and servers.</summary>
internal static class BenchQualityCommand
{
    private static readonly double[] UsualLoads = [0.5, 0.9, 1.5, 2.5, 3.5, 4.5], UsualDeadlines = [10, 30, 100];

    public static Command Create(SharedOptions options, Terminal terminal)
    {
        var world = new QualityWorld();
        var loads = new Option<double[]>("--loads")
        {
            Description = "Requests that come, as multiples of those that the servers could run to the end, separated by commas. [default: 0.5,0.9,1.5,2.5,3.5,4.5]",
            HelpName = "X,X…",
            CustomParser = NumberList.Parse,
        };
        var users = Count("--users", "N", "Users that send requests.", world.Users, 1, 1000);
        var servers = Count("--servers", "N", "Servers that share them; each runs one request at a time.", world.Servers, 1, 64);
        var seconds = Count("--seconds", "S", "How long requests come, in simulated seconds.", (int)world.Seconds, 2, 3600);
        var seed = Count("--seed", "S", "Seed of the first world; the same seed gives the same requests.", 1, 0, 1_000_000);
        var seeds = Count("--seeds", "N", "How many worlds are played, with consecutive seeds.", 1, 1, 10_000);
        var bursts = new Option<bool>("--bursts") { Description = "Requests come in bursts: four times as many for half a second in two and a half." };
        var churn = new Option<bool>("--churn") { Description = "Users come and go: they stay for 10 s and are away for 5 s." };
        var byUser = new Option<bool>("--deadline-by-user") { Description = "All requests of a user have one deadline; otherwise each has any." };
        var slowAt = new Option<double?>("--slow-at") { Description = "When the last server begins to take twice as long, in simulated seconds. [default: never]", HelpName = "S" };
        slowAt.Require<double>(static value => value >= 0, "takes 0 or more.");
        var killAt = Number("--kill-at", "S", "When the coordinator dies, for the contender whose does, in simulated seconds.", world.KillAt, static value => value >= 0, "takes 0 or more.");
        var confidence = Number("--confidence", "X", "How much an exit's confidence tells of which answers are right: 0 for nothing, below 1 for nearly all.", world.Confidence, static value => value is >= 0 and < 1, "takes 0 to below 1.");
        var deadlines = new Option<double[]>("--deadlines")
        {
            Description = "Deadlines in ms, equally frequent, separated by commas. [default: 10,30,100]",
            HelpName = "MS,MS…",
            CustomParser = NumberList.Parse,
        };
        var file = new Argument<string?>("MODEL") { Description = "A model file: real servers of it are loaded by real clients then, in place of the simulated ones. --exits and --inputs are needed.", Arity = ArgumentArity.ZeroOrOne };
        var served = new ServedQualityOptions();
        var worlds = Count("--worlds", "N", "Plays random worlds instead: models, users, deadlines and loads are drawn.", 0, 0, 100_000);
        var requests = Count("--requests", "N", "About how many requests come in a random world.", 20_000, 100, 10_000_000);
        var command = new ExplainedCommand("quality", "Compares who decides which exit answers under load: in simulated servers whose model has exits of 2, 5 and 10 ms, or, with a MODEL, in real ones.",
            "splitinfer bench quality",
            "splitinfer bench quality --loads 0.9,3.5 --users 64 --bursts",
            "splitinfer bench quality --servers 3 --slow-at 20 --churn",
            "splitinfer bench quality --worlds 200 --seed 1001 --json",
            "splitinfer bench quality mnist.onnx --exits mnist.exits.json --inputs digits --labels labels.txt --slowdown 100 --seconds 10")
        {
            file, served.Exits, served.Inputs, served.Labels, served.Slowdown, loads, users, servers, deadlines, byUser, bursts, churn, slowAt, killAt, confidence, seconds, seeds, seed, worlds, requests,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var lines = parsed.GetValue(options.Json) ? new JsonLines(terminal.Output) : null;
            if (parsed.GetValue(file) is { } path)
            {
                var measured = served.SettingsOf(parsed, path, options, terminal) with
                {
                    Deadlines = [.. Given(parsed.GetValue(deadlines), UsualDeadlines).Select(TimeSpan.FromMilliseconds)], Users = parsed.GetValue(users), Seconds = parsed.GetValue(seconds), IsBursty = parsed.GetValue(bursts), Seed = parsed.GetValue(seed),
                };
                await ServedQualityOptions.RunAsync(measured, Given(parsed.GetValue(loads), UsualLoads), lines, terminal, cancellationToken);
                return;
            }

            if (parsed.GetValue(worlds) is > 0 and var count)
            {
                await RandomAsync(parsed.GetValue(seed), count, parsed.GetValue(requests), lines, terminal, cancellationToken);
                return;
            }

            world = world with
            {
                Users = parsed.GetValue(users), Servers = parsed.GetValue(servers), Seconds = parsed.GetValue(seconds), Seed = parsed.GetValue(seed), IsBursty = parsed.GetValue(bursts), HasChurn = parsed.GetValue(churn),
                IsDeadlineOfUser = parsed.GetValue(byUser), SlowAt = parsed.GetValue(slowAt) ?? double.PositiveInfinity, KillAt = parsed.GetValue(killAt), Confidence = parsed.GetValue(confidence), Deadlines = [.. Given(parsed.GetValue(deadlines), UsualDeadlines).Select(static ms => ms / 1000)],
            };
            var rows = new List<QualityRow>();
            var chosen = Given(parsed.GetValue(loads), UsualLoads);
            await terminal.TrackAsync("loads", chosen.Length, step => Task.Run(() =>
            {
                foreach (var load in chosen)
                {
                    var played = QualityRow.Play(world with { Load = load }, parsed.GetValue(seeds), cancellationToken);
                    foreach (var row in played) lines?.Write(row, LineContext.Default.QualityRow);
                    rows.AddRange(played);
                    step();
                }
            }, cancellationToken));
            if (lines is null) QualityTable.Write(terminal, rows);
        });
        return command;
    }

    private static async Task RandomAsync(int seed, int count, int requests, JsonLines? lines, Terminal terminal, CancellationToken cancellationToken)
    {
        var rows = new List<QualityWorldRow>();
        await terminal.TrackAsync("worlds", count, step => Task.Run(() =>
        {
            for (var i = 0; i < count; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                rows.Add(QualityWorldRow.Play(seed + i, requests));
                lines?.Write(rows[^1], LineContext.Default.QualityWorldRow);
                step();
            }
        }, cancellationToken));
        if (lines is null) QualityTable.Write(terminal, rows);
    }

    // A default would be printed as the type of a list, so that it stands in the description.
    private static double[] Given(double[]? values, double[] usual) => values is { Length: > 0 } ? values : usual;

    private static Option<int> Count(string name, string helpName, string description, int value, int least, int most)
    {
        var option = new Option<int>(name) { Description = description, HelpName = helpName, DefaultValueFactory = _ => value };
        option.Require<int>(count => count >= least && count <= most, $"takes {least} to {most}.");
        return option;
    }

    private static Option<double> Number(string name, string helpName, string description, double value, Func<double, bool> holds, string message)
    {
        var option = new Option<double>(name) { Description = description, HelpName = helpName, DefaultValueFactory = _ => value };
        option.Require(holds, message);
        return option;
    }
}
