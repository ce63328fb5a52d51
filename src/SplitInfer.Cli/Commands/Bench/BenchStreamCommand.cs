using System.CommandLine;
using SplitInfer.Cli.Benchmarks;
using SplitInfer.Cli.Output;
using SplitInfer.Simulation.Streams;

namespace SplitInfer.Cli.Commands.Bench;

/// <summary>Plays streams of frames over a device, a link and a server, and compares who chooses their routes.</summary>
internal static class BenchStreamCommand
{
    public static Command Create(SharedOptions options, Terminal terminal)
    {
        var networks = new Option<string[]>("--networks")
        {
            Description = $"Networks, separated by commas: {string.Join(", ", StreamWorlds.Networks)}. [default: squeezenet,resnet18]",
            HelpName = "NAME,NAME…",
            CustomParser = Parse,
        };
        var latency = new Option<double?>("--max-latency") { Description = "The longest that a frame may take, ms. [default: no limit]", HelpName = "MS" };
        latency.Require<double>(static value => value > 0, "takes more than 0.");
        var frames = new Option<int>("--frames") { Description = "Frames of a stream.", HelpName = "N", DefaultValueFactory = static _ => 1000 };
        frames.Require<int>(static value => value is >= 10 and <= 1_000_000, "takes 10 to 1000000.");
        var worlds = new Option<int>("--worlds") { Description = "Plays so many random worlds instead: networks, links, servers, limits and changes are drawn.", HelpName = "N" };
        worlds.Require<int>(static value => value is >= 0 and <= 100_000, "takes 0 to 100000.");
        var seed = new Option<int>("--seed") { Description = "Seed of the first random world; the same seed gives the same world.", HelpName = "S", DefaultValueFactory = static _ => 1 };
        seed.Require<int>(static value => value is >= 0 and <= 1_000_000, "takes 0 to 1000000.");
        var file = new Argument<string?>("MODEL") { Description = "A model file: frames then go through a real server, over an emulated link and from an emulated device, in place of simulated ones.", Arity = ArgumentArity.ZeroOrOne };
        var served = new ServedStreamOptions();
        var command = new ExplainedCommand("stream", "Simulates streams of frames over a device, a link and a server, and compares who chooses the routes of frames with a bound that nobody can exceed. With a MODEL, the same with a real server.",
            "splitinfer bench stream",
            "splitinfer bench stream --networks vgg16,tiny-yolov2 --max-latency 2000",
            "splitinfer bench stream --worlds 200 --seed 1001 --json",
            "splitinfer bench stream squeezenet.onnx --input photographs --mbps 8,32 --quota 25,100 --seconds 10")
        {
            file, served.All, networks, latency, frames, worlds, seed,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var lines = parsed.GetValue(options.Json) ? new JsonLines(terminal.Output) : null;
            if (parsed.GetValue(file) is { } path)
            {
                var limit = parsed.GetValue(latency) is { } ms ? TimeSpan.FromMilliseconds(ms) : (TimeSpan?)null;
                await served.RunAsync(parsed, path, new(parsed.GetValue(frames), limit, parsed.GetValue(seed)), options, lines, terminal, cancellationToken);
                return;
            }

            StreamWorld[] played = parsed.GetValue(worlds) is > 0 and var count
                ? [.. Enumerable.Range(parsed.GetValue(seed), count).Select(RandomStreamWorld.Of)]
                : [.. (parsed.GetValue(networks) is { Length: > 0 } named ? named : ["squeezenet", "resnet18"]).SelectMany(StreamWorlds.Of).Select(world => world with { Frames = parsed.GetValue(frames), MaxLatencyMs = parsed.GetValue(latency) ?? double.PositiveInfinity })];
            var rows = new List<StreamRow>();
            await terminal.TrackAsync("worlds", played.Length, step => Task.Run(() =>
            {
                foreach (var world in played)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    var own = StreamRow.Play(world);
                    foreach (var row in own) lines?.Write(row, LineContext.Default.StreamRow);
                    rows.AddRange(own);
                    step();
                }
            }, cancellationToken));
            var decision = new StreamDecisionBenchmark(TimeProvider.System).Run();
            if (lines is null) StreamTable.Write(terminal, rows, decision);
            lines?.Write(StreamSummary.Of(rows), LineContext.Default.StreamSummary);
            lines?.Write(decision, LineContext.Default.StreamDecisionRow);
        });
        return command;
    }

    private static string[] Parse(System.CommandLine.Parsing.ArgumentResult result)
    {
        string[] names = [.. result.Tokens.SelectMany(static token => token.Value.Split(',', StringSplitOptions.RemoveEmptyEntries)).Distinct()];
        foreach (var name in names)
            if (!StreamWorlds.Networks.Contains(name)) result.AddError($"--networks takes {string.Join(", ", StreamWorlds.Networks)}, separated by commas, not '{name}'.");
        if (names.Length == 0) result.AddError($"--networks takes {string.Join(", ", StreamWorlds.Networks)}, separated by commas.");
        return names;
    }
}
