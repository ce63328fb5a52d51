using System.CommandLine;
using System.Text;
using SplitInfer.Cli.Commands.Exits;
using SplitInfer.Cli.Exporting;
using SplitInfer.Cli.Inputs;
using SplitInfer.Cli.Output;
using SplitInfer.Client;
using SplitInfer.Client.Transport;
using SplitInfer.Execution;
using SplitInfer.Partitioning;
using SplitInfer.Policies;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Commands.Run;

/// <summary>Infers a number of times, with a server or without, and prints what each time cost.</summary>
internal sealed class RunCommand(Terminal terminal, bool isJson, int frames, double? framesPerSecond, bool isPaced, bool requiresServer, double minAccuracy, double? minQuality, string user, bool isProgressive)
{
    private const int InputSeed = 1;
    private const double MaxDeadlineMs = int.MaxValue;
    private const int MaxUserBytes = 64;
    private const int Succeeded = 0, Failed = 1;

    // The end of a short run waits so long for what is wrong with a server, since one that was not used is told of by nothing else.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public static Command Create(SharedOptions options, Terminal terminal)
    {
        var file = new Argument<string>("MODEL") { Description = FamilyArgument.Description };
        var server = new Option<string[]>("--server") { Description = "A server that runs tails, such as tcp://127.0.0.1:7070; may be given more than once, so that the policy chooses among servers as well. Without one, everything runs here.", HelpName = "URI" };
        var input = new Option<string[]>("--input") { Description = "Input as a .npy or .pb file; NAME=FILE where the model has several. For a model of one input also a folder of .npy files, which frames take in turn. Inputs that are not given are made up.", HelpName = "F.npy" };
        var frames = new Option<int>("--frames") { Description = "How many times to infer.", HelpName = "N", DefaultValueFactory = static _ => 10 };
        var policy = SharedOptions.Policy();
        var partition = new Option<int?>("--partition") { Description = "The partition that policy Fixed takes.", HelpName = "k" };
        var codec = SharedOptions.Codec("The codec that carries every boundary, whatever it loses. Without it a policy that learns chooses among those that lose nothing and those calibrated.");
        var calibration = new Option<string?>("--calibration") { Description = "The file that 'splitinfer calibrate' left, so that lossy codecs may be chosen; with a family, a folder with such a file for each variant.", HelpName = "F.json" };
        var agreement = ShareOption.Inclusive("--min-agreement", $"With a calibration: the part of the results that must stay the same. [default: {new Share(new SplitInferenceOptions().MinAgreement)}]");
        var exits = new Option<string?>("--exits") { Description = "The file that 'splitinfer exits add' left, so that sure exits answer early; exit 1 is the first of the file. Exits are rarely sure of inputs that are made up: give real ones with --input. With a family, a folder with such a file for each variant.", HelpName = "F" };
        var quality = ShareOption.Inclusive("--min-quality", "With exits, here or at the server: the least share of answers that are to be the model's own. Without it exits of --exits answer as their file promises, and those of a server never do.");
        var user = new Option<string?>("--user") { Description = "On whose behalf requests are sent, for a server that shares its time among users; at most 64 bytes. Without it all that this machine, or its key, sends is one user's.", HelpName = "NAME" };
        var progressive = new Option<bool>("--progressive") { Description = "With exits: print what each exit says of a frame as it comes, marked 'early', before the result of the frame." };
        var state = new Option<string?>("--state") { Description = "Folder in which what was learned is kept from one run to the next.", HelpName = "DIR" };
        var preload = new Option<bool>("--preload") { Description = "Load the segments of all arms before the first frame, rather than when one is needed." };
        var fps = new Option<double?>("--fps") { Description = "Frames a second; without it, each starts when the last has ended.", HelpName = "X" };
        var paced = new Option<bool>("--paced") { Description = "Infer each frame when a line comes on standard input, and end with it, for scripts that let several clients take turns." };
        var deadline = new Option<double?>("--deadline") { Description = "Milliseconds after which a result is of no use. A frame that has none by then is missed, and the next begins.", HelpName = "MS" };
        var accuracy = ShareOption.Inclusive("--min-accuracy", "With a family: the least accuracy that a variant must have: of right classes where the family was tailored with labels, else of agreement with the original. Where none has it, the most accurate answers.");
        var objective = new Option<Objective?>("--objective") { Description = $"What is optimised: {string.Join(", ", Enum.GetNames<Objective>())}. [default: MostAccurateBy with a family, else LeastTime]", HelpName = "NAME" };
        var hedge = new Option<Hedge>("--hedge") { Description = $"When the device runs beside a server so that there is an answer by the deadline: {string.Join(", ", Enum.GetNames<Hedge>())}.", HelpName = "WHEN", DefaultValueFactory = static _ => Hedge.WhenLate };
        var variants = new Option<string[]>("--variant") { Description = "With a family: a variant that may be used; may be given several times. Without it the best of the family may.", HelpName = "NAME" };
        var require = new Option<bool>("--require-server") { Description = "End with exit code 1 where a frame was not answered by a server, whatever the reason, and at once where no server can be reached. Goes with --policy AllOnServer or --partition, since a policy that learns uses the device where that is faster." };
        // Whoever exports a run of some frames wants to see them.
        var export = new ExportOptions(ExportedSources.ClientService, defaultRatio: 1);
        deadline.Require<double>(static limit => limit is > 0 and <= MaxDeadlineMs, "takes a positive number of milliseconds.");
        frames.Require<int>(static count => count >= 1, "takes 1 or more.");
        user.Validators.Add(static result =>
        {
            foreach (var token in result.Tokens)
                if (Encoding.UTF8.GetByteCount(token.Value) > MaxUserBytes) result.AddError($"--user takes at most {MaxUserBytes} bytes; give a shorter name.");
        });
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
            "splitinfer run mnist.onnx --exits mnist.exits.json --input digits --frames 200",
            "splitinfer run mnist.onnx --exits mnist.exits.json --input digit.npy --server tcp://127.0.0.1:7070 --deadline 20",
            "splitinfer run mnist.onnx --server tcp://127.0.0.1:7070 --input digits --min-quality 95% --user camera-7 --policy AllOnServer",
            "splitinfer run squeezenet.onnx --policy AllOnDevice --input image.npy --json")
        {
            file, server, input, frames, policy, options.PolicyOptions, partition, codec, calibration, agreement, exits, quality, user, progressive, preload, options.NoRaces, require, fps, deadline, accuracy, objective, hedge, variants, paced, state, export.All, options.Connecting.All, options.Planning,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (parsed.GetValue(partition) is { } cut && parsed.GetValue(policy) is { } named && named != PolicyNames.Fixed)
                throw new UsageException($"--partition {cut} fixes what --policy {named} would choose; leave out one of them.");
            if (parsed.GetValue(require) && parsed.GetValue(server) is not { Length: > 0 }) throw new UsageException("--require-server needs a server: name one with --server URI.");
            var family = FamilyArgument.FamilyOf(parsed.GetRequiredValue(file));
            if (family is null && (parsed.GetValue(accuracy) is not null || parsed.GetValue(variants) is { Length: > 0 })) throw new UsageException("--min-accuracy and --variant need a family: name its folder or its family.json in place of the model.");
            if (parsed.GetValue(quality) is not null && parsed.GetValue(exits) is null && parsed.GetValue(server) is not { Length: > 0 }) throw new UsageException("--min-quality needs exits: name a file of them with --exits F, or with --server URI a server whose model has some.");
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
                MinAgreement = parsed.GetValue(agreement)?.Value ?? new SplitInferenceOptions().MinAgreement,
                Deadline = parsed.GetValue(deadline) is { } limit ? TimeSpan.FromMilliseconds(limit) : null,
                Plan = options.PlanOf(parsed),
                Execution = options.ExecutionOf(parsed),
            };
            var command = new RunCommand(terminal, parsed.GetValue(options.Json), parsed.GetValue(frames), parsed.GetValue(fps), parsed.GetValue(paced), parsed.GetValue(require), parsed.GetValue(accuracy)?.Value ?? 0, parsed.GetValue(quality)?.Value, parsed.GetValue(user) ?? "", parsed.GetValue(progressive));
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
        using var inputs = FrameInputs.Load(settings.Family is { } family ? FamilyArgument.MainModelOf(family, settings.Variants) : settings.ModelPath, inputFiles, settings.Plan, settings.Execution, InputSeed);
        var model = inputs.Model;
        var planned = time.GetTimestamp();
        await using var client = await ConnectAsync(settings, model.Model, cancellationToken);
        var start = new StartTimes(age, time.GetElapsedTime(began, planned).TotalMilliseconds, time.GetElapsedTime(planned).TotalMilliseconds);
        foreach (var warning in client.Warnings) terminal.Complain(warning);
        if (settings.Family is not null) FamilyArgument.RequireInputs(client, model.Inputs);
        if (settings.Exits is not null && model.Synthetic.Count > 0) terminal.Complain("The input is made up, and exits are rarely sure of such: give real ones with --input, a file or a folder of them.");
        var report = new RunReport(terminal, isJson, settings, client, start, told, isProgressive, hasExits: settings.Exits is not null || minQuality is not null);
        try
        {
            await InferAllAsync(client, inputs, report, time, cancellationToken);
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

    private async Task InferAllAsync(SplitInferenceClient client, FrameInputs inputs, RunReport report, TimeProvider time, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        var request = minAccuracy > 0 || minQuality is not null || user.Length > 0 ? new InferenceRequest { MinAccuracy = minAccuracy, MinQuality = minQuality, User = user } : null;
        for (var frame = 0; frame < frames; frame++)
        {
            if (isPaced && await terminal.Input.ReadLineAsync(cancellationToken) is null) break;
            await WaitForAsync(frame, start, time, cancellationToken);
            var given = inputs.Of(frame);
            var (begin, number) = (time.GetTimestamp(), frame);
            try
            {
                using var result = isProgressive ? await InferProgressiveAsync(client, given, request, early => report.AddEarly(number, early), cancellationToken) : await InferAsync(client, inputs.Model, given, request, cancellationToken);
                report.Add(frame, result);
            }
            catch (RequestTimeoutException)
            {
                report.AddMissed(frame, time.GetElapsedTime(begin));
            }
            finally
            {
                inputs.Return(given);
            }
        }
    }

    private static async ValueTask<InferenceResult> InferAsync(SplitInferenceClient client, ModelWithInputs model, TensorValue[] inputs, InferenceRequest? request, CancellationToken cancellationToken)
    {
        try
        {
            return await client.InferAsync(inputs, request, cancellationToken);
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
    private static async ValueTask<InferenceResult> InferProgressiveAsync(SplitInferenceClient client, TensorValue[] inputs, InferenceRequest? request, Action<InferenceResult> tell, CancellationToken cancellationToken)
    {
        InferenceResult? last = null;
        try
        {
            await foreach (var answer in client.InferProgressiveAsync(inputs, request, cancellationToken))
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
