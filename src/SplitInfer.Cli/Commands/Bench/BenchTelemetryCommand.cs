using System.CommandLine;
using SplitInfer.Cli.Benchmarks;
using SplitInfer.Cli.Output;

namespace SplitInfer.Cli.Commands.Bench;

/// <summary>Measures what metrics and traces cost.</summary>
internal static class BenchTelemetryCommand
{
    public static Command Create(SharedOptions options, Terminal terminal)
    {
        var rounds = new Option<int>("--rounds") { Description = "Batches of requests of each kind.", HelpName = "N", DefaultValueFactory = static _ => 21 };
        var requests = new Option<int>("--requests") { Description = "Requests of a batch over the connection; on the device there are twenty times as many.", HelpName = "N", DefaultValueFactory = static _ => 2000 };
        rounds.Require<int>(static count => count >= 1, "takes 1 or more.");
        requests.Require<int>(static count => count >= 1, "takes 1 or more.");
        var command = new ExplainedCommand("telemetry", "Times requests of a model that does nothing while nobody listens, with metrics, and with traces of 1 % and of all requests, in turns, on this machine.",
            "splitinfer bench telemetry",
            "splitinfer bench telemetry --rounds 51 --json")
        {
            rounds, requests,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var rows = await new TelemetryBenchmark(TimeProvider.System).RunAsync(parsed.GetValue(rounds), parsed.GetValue(requests), cancellationToken);
            var (lines, isJson) = (new JsonLines(terminal.Output), parsed.GetValue(options.Json));
            if (!isJson) terminal.Output.WriteLine("runs at  listening    ns a request     added   bytes allocated     added");
            foreach (var row in rows)
            {
                if (isJson) lines.Write(row, LineContext.Default.TelemetryRow);
                else terminal.Output.WriteLine($"{row.Path,-8} {row.Listening,-10} {row.NsPerRequest,14:0} {row.AddedNs,9:0} {row.AllocatedBytes,17:0} {row.AddedBytes,9:0}");
            }
        });
        return command;
    }
}
