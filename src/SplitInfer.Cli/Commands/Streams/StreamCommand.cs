using System.CommandLine;
using System.Runtime.CompilerServices;
using SplitInfer.Cli.Commands.Exits;
using SplitInfer.Cli.Commands.Run;
using SplitInfer.Cli.Inputs;
using SplitInfer.Cli.Output;
using SplitInfer.Client;
using SplitInfer.Client.Streams;
using SplitInfer.Client.Transport;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Commands.Streams;

/// <summary>Infers a stream of frames, several at a time, and prints how many a second came through.</summary>
internal sealed class StreamCommand(Terminal terminal, bool isJson, int frames, StreamOptions stream, double? framesPerSecond)
{
    private const int InputSeed = 1;
    private const double MaxLatencyMs = int.MaxValue;
    private const int Succeeded = 0, Failed = 1;

    private static readonly KnownName Rule = new("rule", "rules", ["wait", "drop-oldest", "drop-newest"]);

    // The end of a short stream waits so long for what is wrong with a server.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public static Command Create(SharedOptions options, Terminal terminal)
    {
        var file = SharedOptions.Model();
        var server = new Option<string[]>("--server") { Description = "A server that runs tails, such as tcp://127.0.0.1:7070; may be given more than once. Without one, everything runs here.", HelpName = "URI" };
        var input = new Option<string[]>("--input") { Description = "Input as a .npy or .pb file; NAME=FILE where the model has several. For a model of one input also a folder of .npy files, which frames take in turn. Inputs that are not given are made up.", HelpName = "F.npy" };
        var count = new Option<int>("--frames") { Description = "How many frames.", HelpName = "N", DefaultValueFactory = static _ => 100 };
        var fps = new Option<double?>("--fps") { Description = "Frames that come in a second; without it, as many as come through.", HelpName = "X" };
        var latency = new Option<double?>("--max-latency") { Description = "Milliseconds that a frame may take from the moment at which it comes. Routes are chosen so that frames keep to it; one that does not is late.", HelpName = "MS" };
        var behind = new Option<string?>("--when-behind") { Description = "What happens when frames come faster than they come through: wait (each is inferred), drop-oldest (the newest frame takes the place of the one that waits), drop-newest (the one that waits stays). [default: wait]", HelpName = "RULE", CustomParser = Rule.Single };
        var partition = new Option<int?>("--partition") { Description = "The partition that all frames take. Without it a planner chooses routes.", HelpName = "k" };
        var inFlight = new Option<int?>("--max-in-flight") { Description = "The most frames in flight at a time; 1 infers one after the other. [default: as many as the planner finds right]", HelpName = "N" };
        var unordered = new Option<bool>("--unordered") { Description = "Print each result as soon as it is there, rather than in the order of the frames." };
        var codec = SharedOptions.Codec("The codec that carries every boundary, whatever it loses. Without it the planner chooses among those that lose nothing and those calibrated.");
        var calibration = new Option<string?>("--calibration") { Description = "The file that 'splitinfer calibrate' left, so that lossy codecs may be chosen.", HelpName = "F.json" };
        var agreement = ShareOption.Inclusive("--min-agreement", $"With a calibration: the part of the results that must stay the same. [default: {new Share(new SplitInferenceOptions().MinAgreement)}]");
        var preload = new Option<bool>("--preload") { Description = "Load the segments of all arms before the first frame, rather than when one is needed." };
        count.Require<int>(static number => number >= 1, "takes 1 or more.");
        fps.Require<double>(static rate => rate > 0 && double.IsFinite(rate), "takes a positive number.");
        latency.Require<double>(static limit => limit is > 0 and <= MaxLatencyMs, "takes a positive number of milliseconds.");
        inFlight.Require<int>(static number => number >= 1, "takes 1 or more.");
        var command = new ExplainedCommand("stream", "Infers a stream of frames, the head of the next while the last one travels, and prints how many a second came through.",
            "splitinfer stream squeezenet.onnx --server tcp://127.0.0.1:7070 --frames 500",
            "splitinfer stream squeezenet.onnx --server tcp://127.0.0.1:7070 --fps 30 --max-latency 200 --when-behind drop-oldest",
            "splitinfer stream squeezenet.onnx --server tcp://127.0.0.1:7070 --partition 19 --max-in-flight 1")
        {
            file, server, input, count, fps, latency, behind, partition, inFlight, unordered, codec, calibration, agreement, preload, options.Connecting.All, options.Planning,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var settings = new SplitInferenceOptions
            {
                ModelPath = parsed.GetRequiredValue(file),
                Servers = [.. (parsed.GetValue(server) ?? []).Select(static address => new ServerOptions { Address = Addresses.Parse(address, "--server") })],
                Transport = options.Connecting.Of(parsed),
                Codec = parsed.GetValue(codec),
                KnownCodecs = CodecNames.Registry(parsed.GetValue(calibration), parsed.GetValue(codec)),
                PreloadArms = parsed.GetValue(preload),
                Calibration = parsed.GetValue(calibration),
                MinAgreement = parsed.GetValue(agreement)?.Value ?? new SplitInferenceOptions().MinAgreement,
                Plan = options.PlanOf(parsed),
                Execution = options.ExecutionOf(parsed),
            };
            var stream = new StreamOptions
            {
                MaxLatency = parsed.GetValue(latency) is { } limit ? TimeSpan.FromMilliseconds(limit) : null,
                WhenBehind = parsed.GetValue(behind) switch { "drop-oldest" => WhenBehind.DropOldest, "drop-newest" => WhenBehind.DropNewest, _ => WhenBehind.Wait },
                MaxInFlight = parsed.GetValue(inFlight),
                Ordered = !parsed.GetValue(unordered),
                FramesPerSecond = parsed.GetValue(fps),
                Partition = parsed.GetValue(partition),
            };
            return await new StreamCommand(terminal, parsed.GetValue(options.Json), parsed.GetValue(count), stream, parsed.GetValue(fps)).RunAsync(settings, parsed.GetValue(input) ?? [], cancellationToken);
        });
        return command;
    }

    private async Task<int> RunAsync(SplitInferenceOptions settings, string[] inputFiles, CancellationToken cancellationToken)
    {
        var told = new ToldFailures(terminal);
        await using var checks = await ServerChecks.StartAsync(settings.Servers.Select(static server => server.Address!), settings.Transport, told, cancellationToken);
        using var inputs = FrameInputs.Load(settings.ModelPath, inputFiles, settings.Plan, settings.Execution, InputSeed);
        await using var client = await ConnectAsync(settings, inputs, cancellationToken);
        foreach (var warning in client.Warnings) terminal.Complain(warning);
        var report = new StreamReport(terminal, isJson, settings.ModelPath, told, settings.TimeProvider);
        try
        {
            await terminal.TrackAsync($"frames of {Path.GetFileName(settings.ModelPath)}", frames, step => InferAllAsync(client, inputs, report, settings.TimeProvider, step, cancellationToken));
        }
        catch (ServerUnreachableException) when (client.Servers.Count == 0)
        {
            throw new UsageException($"Without a server everything runs here. Name one with --server URI, or take partition {client.Plan.AllOnDevice.Index}, which runs everything on the device.");
        }
        catch when (report.HasFrames)
        {
            // Who stops it before the end wants to know what it was like until then.
            report.End();
            throw;
        }

        await checks.EndAsync(Patience);
        return report.End() ? Succeeded : Failed;
    }

    private async Task InferAllAsync(SplitInferenceClient client, FrameInputs inputs, StreamReport report, TimeProvider time, Action step, CancellationToken cancellationToken)
    {
        await foreach (var result in client.InferStreamAsync(FramesAsync(inputs, time, cancellationToken), stream, cancellationToken))
        {
            using (result) report.Add(result);
            inputs.Return(result.Inputs.ToArray());
            step();
        }
    }

    /// <summary>Yields frames when they are due. One that is late comes at once, and the next are due when they were.</summary>
    private async IAsyncEnumerable<ReadOnlyMemory<TensorValue>> FramesAsync(FrameInputs inputs, TimeProvider time, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var start = time.GetTimestamp();
        for (var frame = 0; frame < frames; frame++)
        {
            if (framesPerSecond is { } rate && TimeSpan.FromSeconds(frame / rate) - time.GetElapsedTime(start) is var wait && wait > TimeSpan.Zero) await Task.Delay(wait, time, cancellationToken);
            yield return inputs.Of(frame);
        }
    }

    private static async ValueTask<SplitInferenceClient> ConnectAsync(SplitInferenceOptions settings, FrameInputs inputs, CancellationToken cancellationToken)
    {
        try
        {
            return await SplitInferenceClient.CreateAsync(settings, inputs.Model.Model, cancellationToken);
        }
        catch (ArgumentException error)
        {
            throw new UsageException(OptionWords.Of(error));
        }
    }
}
