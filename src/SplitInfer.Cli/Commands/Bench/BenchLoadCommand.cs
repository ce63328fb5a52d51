using System.CommandLine;
using System.Globalization;
using SplitInfer.Cli.Benchmarks;
using SplitInfer.Cli.Output;
using SplitInfer.Partitioning;

namespace SplitInfer.Cli.Commands.Bench;

/// <summary>Measures what a server does under load.</summary>
internal static class BenchLoadCommand
{
    public static Command Create(SharedOptions options, Terminal terminal)
    {
        var file = SharedOptions.Model();
        var server = new Option<string>("--server") { Description = "The server, a process of its own that holds the model.", HelpName = "URI", Required = true };
        var connections = new Option<int>("--connections") { Description = "Connections that make the requests, 2 or more.", HelpName = "N", DefaultValueFactory = static _ => 16 };
        var seconds = new Option<double>("--seconds") { Description = "How long each of the five phases lasts.", HelpName = "S", DefaultValueFactory = static _ => 10 };
        var arrivals = new Option<ArrivalPattern>("--arrivals") { Description = "How requests come in the phases of given rates: Poisson, Bursts (four times as many for half a second in two and a half) or Minutes (a rate that changes thirty times in a phase).", HelpName = "PATTERN", DefaultValueFactory = static _ => ArrivalPattern.Poisson };
        connections.Require<int>(static count => count is >= 2 and <= 128, "takes 2 to 128.");
        seconds.Require<double>(static length => length is >= 1 and <= 3600, "takes 1 to 3600.");
        var command = new ExplainedCommand("load", "Loads a server with whole models to run: until it is full, with 80 % and twice of that, and a greedy client beside a polite one.",
            "splitinfer bench load squeezenet.onnx --server tcp://127.0.0.1:7070",
            "splitinfer bench load squeezenet.onnx --server tcp://127.0.0.1:7070 --seconds 30 --arrivals bursts --json",
            "splitinfer bench load squeezenet.onnx --server tls://edge:7070 --tls-ca ca.pem --key-file key.txt")
        {
            file, server, connections, seconds, arrivals, options.Connecting.All, options.Planning,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (lines, isJson) = (new JsonLines(terminal.Output), parsed.GetValue(options.Json));
            var path = parsed.GetRequiredValue(file);
            var (address, transport) = (Addresses.Parse(parsed.GetRequiredValue(server), "--server"), options.Connecting.Of(parsed));
            await ServerCheck.RequireAsync(address, transport, cancellationToken);
            var model = terminal.While($"Planning {path}", () => PartitionedModel.Load(path, options.PlanOf(parsed), options.ExecutionOf(parsed)));
            await using var benchmark = new LoadBenchmark(
                address, transport, model, parsed.GetValue(connections), TimeSpan.FromSeconds(parsed.GetValue(seconds)), parsed.GetValue(arrivals), TimeProvider.System);
            if (!isJson) terminal.Output.WriteLine("phase        offered/s   results/s   refused/s    failed/s     p50 ms     p99 ms  refusal p50  p99 ms  made late p99 ms");
            await foreach (var row in benchmark.RunAsync(cancellationToken))
            {
                if (isJson) lines.Write(row, LineContext.Default.LoadRow);
                else Write($"{row.Phase,-10} {row.OfferedPerSecond,11:0.0} {row.CompletedPerSecond,11:0.0} {row.RefusedPerSecond,11:0.0} {row.FailedPerSecond,11:0.0} {row.P50Ms,10:0.0} {row.P99Ms,10:0.0} {row.RefusalP50Ms,12:0.0} {row.RefusalP99Ms,7:0.0} {row.LateP99Ms,17:0.0}");
            }

            if (benchmark.Summary is not { } summary)
            {
                terminal.Complain($"The server gave no result. {(benchmark.FirstFailure is { } failure ? FailureWords.Of(failure) : "Look at its log, and check that it holds the model: splitinfer ping URI MODEL.")}");
                return 1;
            }

            if (isJson) lines.Write(summary, LineContext.Default.LoadSummaryRow);
            else Write($"At twice saturation the server gave {summary.GoodputRatio * 100:0} % of the results at saturation, with {summary.P99Ratio:0.0} times the 99th percentile of 80 % load; after it, delays were calm {(summary.RecoverySeconds is { } calm ? $"in {calm:0.0} s" : "not within the phase")}. The polite client got {summary.PoliteShare * 100:0} % of its fair share.");
            return 0;
        });
        return command;

        void Write(FormattableString line) => terminal.Output.WriteLine(line.ToString(CultureInfo.InvariantCulture));
    }
}
