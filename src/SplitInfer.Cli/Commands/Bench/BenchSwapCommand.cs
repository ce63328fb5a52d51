using System.CommandLine;
using System.Globalization;
using SplitInfer.Cli.Benchmarks.Servers;
using SplitInfer.Cli.Output;
using SplitInfer.Partitioning;

namespace SplitInfer.Cli.Commands.Bench;

/// <summary>Measures what clients notice when versions of a model take each other's place.</summary>
internal static class BenchSwapCommand
{
    public static Command Create(SharedOptions options, Terminal terminal)
    {
        var file = SharedOptions.Model();
        var swaps = new Option<int>("--swaps") { Description = "How often a version takes the place of another one.", HelpName = "N", DefaultValueFactory = static _ => 20 };
        var clients = new Option<int>("--clients") { Description = "Clients, with a connection each.", HelpName = "N", DefaultValueFactory = static _ => 8 };
        var load = new Option<double>("--load") { Description = "Requests that come, as a part of what the server can do.", HelpName = "X", DefaultValueFactory = static _ => 0.7 };
        swaps.Require<int>(static count => count is >= 1 and <= 100_000, "takes 1 to 100000.");
        clients.Require<int>(static count => count is >= 1 and <= 64, "takes 1 to 64.");
        load.Require<double>(static part => part is > 0 and <= 1, "takes more than 0, and 1 at most.");
        var command = new ExplainedCommand("swap", "Puts one version of a model after the other into the directory of a loaded server process, and tells what its clients notice.",
            "splitinfer bench swap squeezenet.onnx",
            "splitinfer bench swap squeezenet.onnx --swaps 100 --load 0.7 --json")
        {
            file, swaps, clients, load, options.Planning,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var path = parsed.GetRequiredValue(file);
            var model = terminal.While($"Planning {path}", () => PartitionedModel.Load(path, options.PlanOf(parsed), options.ExecutionOf(parsed)));
            var settings = new SwapSettings(parsed.GetValue(swaps), parsed.GetValue(clients), parsed.GetValue(load));
            var benchmark = new SwapBenchmark(path, model, settings, TimeProvider.System);
            SwapRow row = null!;
            await terminal.TrackAsync($"Swapping {path}", settings.Swaps, async step => row = await benchmark.RunAsync(step, cancellationToken));
            if (parsed.GetValue(options.Json)) new JsonLines(terminal.Output).Write(row, LineContext.Default.SwapRow);
            else
                terminal.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{row.Swaps} swaps at {settings.Load * 100:0} % of {row.SaturationPerSecond:0} requests a second: {row.Failed} of {row.Requests + row.Refused + row.Failed} requests failed{(row.FirstFailure is { } failure ? $" ({failure})" : "")}, and {row.Refused} were refused because too many waited. The longest time without a result was {row.LongestGapMs:0.0} ms, where 99 of 100 single requests take up to {row.SoloP99Ms:0.0} ms; under load, with swaps, up to {row.P99Ms:0.0} ms. A new version was served after {row.LongestSwapSeconds:0.0} s at the latest. The server's memory grew by {row.GrowthMiB:0.0} MiB."));
            return row.Failed == 0 ? 0 : 1;
        });
        return command;
    }
}
