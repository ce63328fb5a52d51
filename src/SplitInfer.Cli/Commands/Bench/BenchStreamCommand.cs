using System.CommandLine;
using SplitInfer.Cli.Output;

namespace SplitInfer.Cli.Commands.Bench;

/// <summary>Compares how many frames a second come through, with a real server.</summary>
internal static class BenchStreamCommand
{
    public static Command Create(SharedOptions options, Terminal terminal)
    {
        var file = new Argument<string>("MODEL") { Description = "A model file, which a real server runs." };
        var served = new ServedStreamOptions();
        var seed = new Option<int>("--seed") { Description = "Seed of the policies.", HelpName = "N", DefaultValueFactory = static _ => 1 };
        var command = new ExplainedCommand("stream", "Streams frames through a real server in a process of its own, over an emulated link and from an emulated device: by the planner, by policies that infer one frame at a time, and with one partition for several frames in flight.",
            "splitinfer bench stream squeezenet.onnx --input photographs --mbps 8,32 --quota 25,100",
            "splitinfer bench stream squeezenet.onnx --mbps 16 --quota 50 --seconds 10 --json")
        {
            file, served.Input, served.Links, served.Quotas, served.RoundTrip, served.Frames, served.Seconds, served.Scouted, served.MaxLatency, served.Calibration, served.MinAgreement, seed,
        };
        command.SetAction((parsed, cancellationToken) => served.RunAsync(parsed, parsed.GetRequiredValue(file), options, parsed.GetValue(seed), parsed.GetValue(options.Json) ? new(terminal.Output) : null, terminal, cancellationToken));
        return command;
    }
}
