using System.CommandLine;
using SplitInfer.Cli.Benchmarks;
using SplitInfer.Cli.Output;

namespace SplitInfer.Cli.Commands.Bench;

/// <summary>Measures what the protocol costs over bare sockets.</summary>
internal static class BenchTransportCommand
{
    public static Command Create(SharedOptions options, Terminal terminal)
    {
        var rounds = new Option<int>("--rounds") { Description = "Round trips of each kind for each size.", HelpName = "N", DefaultValueFactory = static _ => 500 };
        rounds.Require<int>(static count => count >= 1, "takes 1 or more.");
        var command = new ExplainedCommand("transport", "Times round trips over the protocol, by every scheme, over the Open Inference Protocol, and over bare sockets or TLS streams with the same bytes, in turns, on this machine.",
            "splitinfer bench transport",
            "splitinfer bench transport --rounds 2000 --json")
        {
            rounds,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (lines, isJson) = (new JsonLines(terminal.Output), parsed.GetValue(options.Json));
            if (!isJson) terminal.Output.WriteLine("over          boundary      ours us      bare us   ratio   allocated");
            await foreach (var row in new TransportBenchmark(TimeProvider.System).RunAsync(parsed.GetValue(rounds), cancellationToken))
            {
                if (isJson) lines.Write(row, LineContext.Default.TransportRow);
                else terminal.Output.WriteLine($"{row.Scheme,-8} {Sizes.Bytes(row.Bytes),13} {row.OursUs,12:0.0} {row.BareUs,12:0.0} {row.Ratio,7:0.00} {Sizes.Bytes(row.AllocatedBytes),11}");
            }
        });
        return command;
    }
}
