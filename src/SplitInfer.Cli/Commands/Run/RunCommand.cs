using System.CommandLine;
using SplitInfer.Cli.Exporting;
using SplitInfer.Cli.Inputs;
using SplitInfer.Cli.Output;
using SplitInfer.Client;
using SplitInfer.Client.Transport;
using SplitInfer.Execution;
using SplitInfer.Partitioning;
using SplitInfer.Policies;

namespace SplitInfer.Cli.Commands.Run;

/// <summary>Infers a number of times, with a server or without, and prints what each time cost.</summary>
internal sealed class RunCommand(Terminal terminal, bool isJson, int frames, double? framesPerSecond, bool isPaced, bool requiresServer, double minAccuracy, double? minQuality, bool isProgressive)
{
    private const int InputSeed = 1;
    private const double MaxDeadlineMs = int.MaxValue;
    private const int Succeeded = 0, Failed = 1;

    // The end of a short run waits so long for what is wrong with a server, since one that was not used is told of by nothing else.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public static Command Create(SharedOptions options, Terminal terminal)
    {
        var file = new Argument<string>("MODEL") { Description = FamilyArgument.Description };
        var server = new Option<string[]>("--server") { Description = "A server that runs tails, such as tcp://127.0.0.1:7070; may be given more than once, so that the policy chooses among servers as well. Without one, everything runs here.", HelpName = "URI" };
        var input = new Option<string[]>("--input") { Description = "Input as a .npy or .pb file; NAME=FILE where the model has several. Inputs that are not given are made up.", HelpName = "F.npy" };
        var frames = new Option<int>("--frames") { Description = "How many times to infer.", HelpName = "N", DefaultValueFactory = static _ => 10 };
        var policy = SharedOptions.Policy();
        var partition = new Option<int?>("--partition") { Description = "The partition that policy Fixed takes.", HelpName = "k" };
        var codec = SharedOptions.Codec("The codec that carries every boundary, whatever it loses. Without it a policy that learns chooses among those that lose nothing and those calibrated.");
        var calibration = new Option<string?>("--calibration") { Description = "The file that 'splitinfer calibrate' left, so that lossy codecs may be chosen; with a family, a folder with such a file for each variant.", HelpName = "F.json" };
        var agreement = new Option<double>("--min-agreement") { Description = "With a calibration: the part of the results that must stay the same.", HelpName = "X", DefaultValueFactory = static _ => new SplitInferenceOptions().MinAgreement };
        var exits = new Option<string?>("--exits") { Description = "The file that 'splitinfer exits add' left, so that sure exits answer early; with a family, a folder with such a file for each variant.", HelpName = "F" };
        var quality = new Option<double?>("--min-quality") { Description = "With exits: the least share of answers that are to be the model's own, 0 to 1. Without it exits answer as their file promises.", HelpName = "X" };
        var progressive = new Option<bool>("--progressive") { Description = "With exits: print what each exit says of a frame as it comes, marked 'early', before the result of the frame." };
        var state = new Option<string?>("--state") { Description = "Folder in which what was learned is kept from one run to the next.", HelpName = "DIR" };
        var preload = new Option<bool>("--preload") { Description = "Load the segments of all arms before the first frame, rather than when one is needed." };
        var fps = new Option<double?>("--fps") { Description = "Frames a second; without it, each starts when the last has ended.", HelpName = "X" };
        var paced = new Option<bool>("--paced") { Description = "Infer each frame when a line comes on standard input, and end with it, for scripts that let several clients take turns." };
        var deadline = new Option<double?>("--deadline") { Description = "Milliseconds after which a result is of no use. A frame that has none by then is missed, and the next begins.", HelpName = "MS" };
        var accuracy = new Option<double?>("--min-accuracy") { Description = "With a family: the least accuracy that a variant must have, 0 to 1: of right classes where the family was tailored with labels, else of agreement with the original. Where none has it, the most accurate answers.", HelpName = "X" };
        var objective = new Option<Objective?>("--objective") { Description = $"What is optimised: {string.Join(", ", Enum.GetNames<Objective>())}. [default: MostAccurateBy with a family, else LeastTime]", HelpName = "NAME" };
        var hedge = new Option<Hedge>("--hedge") { Description = $"When the device runs beside a server so that there is an answer by the deadline: {string.Join(", ", Enum.GetNames<Hedge>())}.", HelpName = "WHEN", DefaultValueFactory = static _ => Hedge.WhenLate };
        var variants = new Option<string[]>("--variant") { Description = "With a family: a variant that may be used; may be given several times. Without it the best of the family may.", HelpName = "NAME" };
        var require = new Option<bool>("--require-server") { Description = "End with exit code 1 where a frame was not answered by a server, whatever the reason, and at once where no server can be reached. Goes with --policy AllOnServer or --partition, since a policy that learns uses the device where that is faster." };
        // Whoever exports a run of some frames wants to see them.
        var export = new ExportOptions(ExportedSources.ClientService, defaultRatio: 1);
        deadline.Require<double>(static limit => limit is > 0 and <= MaxDeadlineMs, "takes a positive number of milliseconds.");
        frames.Require<int>(static count => count >= 1, "takes 1 or more.");
        accuracy.Require<double>(static part => part is >= 0 and <= 1, "takes a number from 0 to 1.");
        quality.Require<double>(static part => part is >= 0 and <= 1, "takes a number from 0 to 1.");
        agreement.Require<double>(static part => part is >= 0 and <= 1, "takes a number from 0 to 1.");
        fps.Require<double>(static rate => rate > 0, "takes a positive number.");
        var command = new ExplainedCommand("run", "Infers with the head here and the tail on a server, and prints what it cost.",
            "splitinfer run squeezenet.onnx --server tcp://127.0.0.1:7070 --partition 19 --frames 100",
            "splitinfer run squeezenet.onnx --server tcp://127.0.0.1:7070 --policy MuLinUcb --policy-option forcedInterval=20 --fps 30 --frames 900",
            "splitinfer run squeezenet.onnx --server tcp://edge:7070 --server tcp://cloud:7070 --frames 300",
            "splitinfer run squeezenet.onnx --server tcp://127.0.0.1:7070 --deadline 100",
            "splitinfer run family --server tcp://127.0.0.1:7070 --deadline 100 --min-accuracy 0.9",
            "splitinfer run squeezenet.onnx --server tls://edge:7070 --tls-ca ca.pem --key-file key.txt",
            "splitinfer run squeezenet.onnx --server tcp://127.0.0.1:7070 --policy AllOnServer --no-races --require-server",
            "splitinfer run squeezenet.onnx --server tcp://127.0.0.1:7070 --otlp http://127.0.0.1:4318",
            "splitinfer run mnist.onnx --exits mnist.exits.json --server tcp://127.0.0.1:7070 --deadline 20",
            "splitinfer run squeezenet.onnx --policy AllOnDevice --input image.npy --json")
        {
            file, server, input, frames, policy, options.PolicyOptions, partition, codec, calibration, agreement, exits, quality, progressive, preload, options.NoRaces, require, fps, deadline, accuracy, objective, hedge, variants, paced, state, export.All, options.Connecting.All, options.Planning,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (parsed.GetValue(partition) is { } cut && parsed.GetValue(policy) is { } named && named != PolicyNames.Fixed)
                throw new UsageException($"--partition {cut} fixes what --policy {named} would choose; leave out one of them.");
            if (parsed.GetValue(require) && parsed.GetValue(server) is not { Length: > 0 }) throw new UsageException("--require-server needs a server: name one with --server URI.");
            var family = FamilyArgument.FamilyOf(parsed.GetRequiredValue(file));
            if (family is null && (parsed.GetValue(accuracy) is not null || parsed.GetValue(variants) is { Length: > 0 })) throw new UsageException("--min-accuracy and --variant need a family: name its folder or its family.json in place of the model.");
            if (parsed.GetValue(progressive) && parsed.GetValue(exits) is null) throw new UsageException("--progressive needs exits: name a file of them with --exits F.");
            var settings = new SplitInferenceOptions
            {
                ModelPath = family is null ? parsed.GetRequiredValue(file) : "",
                Family = family,
                Variants = parsed.GetValue(variants) is { Length: > 0 } chosen ? chosen.ToHashSet(StringComparer.Ordinal) : null,
                Objective = parsed.GetValue(objective),
                Hedge = parsed.GetValue(hedge),
                Servers = [.. (parsed.GetValue(server) ?? []).Select(static address => new ServerOptions { Address = Addresses.Parse(address, "--server") })],
                Transport = options.Connecting.Of(parsed),
                Policy = parsed.GetValue(policy),
                PolicyOptions = options.PolicyOptionsOf(parsed),
                Partition = parsed.GetValue(partition),
                StateDirectory = parsed.GetValue(state),
                Codec = parsed.GetValue(codec),
                KnownCodecs = CodecNames.Registry(parsed.GetValue(calibration), parsed.GetValue(codec)),
                PreloadArms = parsed.GetValue(preload),
                Races = !parsed.GetValue(options.NoRaces),
                Calibration = parsed.GetValue(calibration),
                Exits = parsed.GetValue(exits),
                MinAgreement = parsed.GetValue(agreement),
                Deadline = parsed.GetValue(deadline) is { } limit ? TimeSpan.FromMilliseconds(limit) : null,
                Plan = options.PlanOf(parsed),
                Execution = options.ExecutionOf(parsed),
            };
            var command = new RunCommand(terminal, parsed.GetValue(options.Json), parsed.GetValue(frames), parsed.GetValue(fps), parsed.GetValue(paced), parsed.GetValue(require), parsed.GetValue(accuracy) ?? 0, parsed.GetValue(quality), parsed.GetValue(progressive));
            using var exporting = export.Of(parsed) is { } otlp ? OtlpExport.Start(otlp, terminal.Complain) : null;
            return await command.RunAsync(settings, parsed.GetValue(input) ?? [], cancellationToken);
        });
        return command;
    }

    private async Task<int> RunAsync(SplitInferenceOptions settings, string[] inputFiles, CancellationToken cancellationToken)
    {
        var told = new ToldFailures(terminal);
        await using var checks = await ServerChecks.StartAsync(settings.Servers.Select(static server => server.Address!), settings.Transport, told, cancellationToken);
        if (requiresServer && !await checks.HasServerAsync()) return Failed;
        var (time, age) = (settings.TimeProvider, StartTimes.AgeMs(settings.TimeProvider));
        var began = time.GetTimestamp();
        using var model = ModelWithInputs.Load(settings.Family is { } family ? FamilyArgument.MainModelOf(family, settings.Variants) : settings.ModelPath, names => TensorFiles.Read(inputFiles, names), settings.Plan, settings.Execution, InputSeed);
        var planned = time.GetTimestamp();
        await using var client = await ConnectAsync(settings, model.Model, cancellationToken);
        var start = new StartTimes(age, time.GetElapsedTime(began, planned).TotalMilliseconds, time.GetElapsedTime(planned).TotalMilliseconds);
        foreach (var warning in client.Warnings) terminal.Complain(warning);
        if (settings.Family is not null) FamilyArgument.RequireInputs(client, model.Inputs);
        var report = new RunReport(terminal, isJson, settings, client, start, told, isProgressive);
        try
        {
            await InferAllAsync(client, model, report, time, cancellationToken);
        }
        catch when (report.HasFrames)
        {
            // Who stops it before the end wants to know what it was like until then.
            report.End();
            throw;
        }

        await checks.EndAsync(Patience);
        return report.End() && !(requiresServer && report.HasUnanswered()) ? Succeeded : Failed;
    }

    private async Task InferAllAsync(SplitInferenceClient client, ModelWithInputs model, RunReport report, TimeProvider time, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        var request = minAccuracy > 0 || minQuality is not null ? new InferenceRequest { MinAccuracy = minAccuracy, MinQuality = minQuality } : null;
        for (var frame = 0; frame < frames; frame++)
        {
            if (isPaced && await terminal.Input.ReadLineAsync(cancellationToken) is null) break;
            await WaitForAsync(frame, start, time, cancellationToken);
            var (begin, number) = (time.GetTimestamp(), frame);
            try
            {
                using var result = isProgressive ? await InferProgressiveAsync(client, model, request, early => report.AddEarly(number, early), cancellationToken) : await InferAsync(client, model, request, cancellationToken);
                report.Add(frame, result);
            }
            catch (RequestTimeoutException)
            {
                report.AddMissed(frame, time.GetElapsedTime(begin));
            }
        }
    }

    private static async ValueTask<InferenceResult> InferAsync(SplitInferenceClient client, ModelWithInputs model, InferenceRequest? request, CancellationToken cancellationToken)
    {
        try
        {
            return await client.InferAsync(model.Inputs, request, cancellationToken);
        }
        catch (EngineException error)
        {
            throw model.Explain(error, "--input NAME=FILE");
        }
        catch (ServerUnreachableException) when (client.Servers.Count == 0)
        {
            throw new UsageException($"Without a server everything runs here. Name one with --server URI, or take partition {client.Plan.AllOnDevice.Index}, which runs everything on the device.");
        }
    }

    /// <summary>Takes every answer of a frame as it comes.</summary>
    /// <returns>The last one.</returns>
    private static async ValueTask<InferenceResult> InferProgressiveAsync(SplitInferenceClient client, ModelWithInputs model, InferenceRequest? request, Action<InferenceResult> tell, CancellationToken cancellationToken)
    {
        InferenceResult? last = null;
        try
        {
            await foreach (var answer in client.InferProgressiveAsync(model.Inputs, request, cancellationToken))
            {
                last?.Dispose();
                last = answer;
                if (answer.Exit > 0) tell(answer);
            }

            return last!;
        }
        catch
        {
            last?.Dispose();
            throw;
        }
    }

    private static async ValueTask<SplitInferenceClient> ConnectAsync(SplitInferenceOptions settings, PartitionedModel model, CancellationToken cancellationToken)
    {
        try
        {
            return settings.Family is null ? await SplitInferenceClient.CreateAsync(settings, model, cancellationToken) : await SplitInferenceClient.CreateAsync(settings, cancellationToken);
        }
        catch (ArgumentException error)
        {
            throw new UsageException(OptionWords.Of(error));
        }
    }

    /// <summary>Waits until a frame is due. One that is late starts at once, and the next are due when they were.</summary>
    private async ValueTask WaitForAsync(int frame, long start, TimeProvider time, CancellationToken cancellationToken)
    {
        if (framesPerSecond is not { } rate) return;
        var wait = TimeSpan.FromSeconds(frame / rate) - time.GetElapsedTime(start);
        if (wait > TimeSpan.Zero) await Task.Delay(wait, time, cancellationToken);
    }
}
