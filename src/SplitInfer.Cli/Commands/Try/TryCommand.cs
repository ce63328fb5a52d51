using System.CommandLine;
using System.Globalization;
using SplitInfer.Cli.Inputs;
using SplitInfer.Cli.Output;
using SplitInfer.Client;
using SplitInfer.Client.Transport;
using SplitInfer.Emulation;
using SplitInfer.Execution;
using SplitInfer.Imaging.Codecs;
using SplitInfer.Partitioning;
using SplitInfer.Policies;
using SplitInfer.Protocol;

namespace SplitInfer.Cli.Commands.Try;

/// <summary>Shows what splitting a model gains with a server: device alone, server alone and the policy, in turns.</summary>
internal sealed class TryCommand(Terminal terminal, bool isJson, double slowDevice, double? mbps, int frames)
{
    private const int InputSeed = 1;
    // What does not learn is warm once caches are and code is compiled.
    private const int LoadingFrames = 5;
    private const int LearningFrames = 150;
    private const int LeastNameWidth = 14;
    private const string DefaultPicture = "jpeg:95";
    // The contenders take turns, so that what else the machines do meets all of them.
    private const int Turn = 5;

    public static Command Create(SharedOptions options, Terminal terminal)
    {
        var file = SharedOptions.Model();
        var server = new Option<string>("--server") { Description = "The server, such as tcp://127.0.0.1:7070.", HelpName = "URI", Required = true };
        var input = new Option<string[]>("--input") { Description = "Input as a .npy or .pb file; NAME=FILE where the model has several. Inputs that are not given are made up.", HelpName = "F.npy" };
        var slow = new Option<string?>("--slow-device") { Description = "Have this device take so many times as long, as a smaller one would.", HelpName = "8x" };
        var link = new Option<double?>("--mbps") { Description = "Have the link pass no more megabits a second than this, each way.", HelpName = "20" };
        var count = new Option<int>("--frames") { Description = "Frames of each that count, once the policy has settled.", HelpName = "N", DefaultValueFactory = static _ => 40 };
        var pictures = new ImageCodecOptions("Send pictures to the server alone as well, by default jpeg:95 where --input is one and the server knows the codec:", "Without it, what the model's file states, or what the input shows.");
        slow.Validators.Add(static result =>
        {
            if (result.Tokens is [.., var last] && FactorOf(last.Value) is null) result.AddError($"--slow-device takes a factor of 1 or more such as 8x, not '{last.Value}'.");
        });
        link.Require<double>(static rate => rate > 0, "takes a positive number.");
        count.Require<int>(static number => number >= 1, "takes 1 or more.");
        var command = new ExplainedCommand("try", "Plays device alone, server alone and the policy in turns, and tells what each costs.",
            "splitinfer try squeezenet.onnx --server tcp://127.0.0.1:7070",
            "splitinfer try squeezenet.onnx --server tcp://127.0.0.1:7070 --slow-device 8x --mbps 20",
            "splitinfer try squeezenet.onnx --server tcp://127.0.0.1:7070 --input photograph.npy --image-codecs jpeg:95,png --preprocessing ImageNetCaffe")
        {
            file, server, input, slow, link, count, pictures.All, options.Connecting.All, options.Planning,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (plan, execution) = (options.PlanOf(parsed), options.ExecutionOf(parsed));
            var (path, address) = (parsed.GetRequiredValue(file), Addresses.Parse(parsed.GetRequiredValue(server), "--server"));
            var transport = options.Connecting.Of(parsed);
            await ServerCheck.RequireAsync(address, transport, cancellationToken);
            using var model = terminal.While($"Planning {path}", () => ModelWithInputs.Load(path, names => TensorFiles.Read(parsed.GetValue(input) ?? [], names), plan, execution, InputSeed));
            var codecs = PicturesOf(pictures, parsed, model, terminal);
            var command = new TryCommand(terminal, parsed.GetValue(options.Json), FactorOf(parsed.GetValue(slow) ?? "1")!.Value, parsed.GetValue(link), parsed.GetValue(count));
            await command.RunAsync(model, address, transport, execution, codecs, cancellationToken);
        });
        return command;
    }

    /// <summary>The codecs by which pictures are sent: those asked for, or JPEG where the input is a picture.</summary>
    private static IReadOnlyList<ImageCodec> PicturesOf(ImageCodecOptions pictures, ParseResult parsed, ModelWithInputs model, Terminal terminal)
    {
        if (pictures.AreGiven(parsed) || pictures.IsStated(parsed)) return pictures.Of(parsed, model.Model, [model.Inputs], DefaultPicture);
        // Made-up numbers are no picture.
        if (ImageCodecOptions.InputOf(model.Model) is not { } picture || model.Synthetic.Contains(picture.Name)) return [];
        try
        {
            return pictures.Of(parsed, model.Model, [model.Inputs], DefaultPicture);
        }
        catch (UsageException error)
        {
            terminal.Complain($"Without the server alone with a JPEG: {error.Message}");
            return [];
        }
    }

    private static double? FactorOf(string text) =>
        double.TryParse(text.TrimEnd('x'), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var factor) && factor is >= 1 and <= 1e6 ? factor : null;

    private async Task RunAsync(ModelWithInputs model, Uri server, TransportOptions transport, ExecutionOptions execution, IReadOnlyList<ImageCodec> pictures, CancellationToken cancellationToken)
    {
        if (slowDevice > 1) execution.WrapRunner = new EmulatedDevice(slowDevice).Wrap;
        var link = mbps is { } rate ? new EmulatedLink(new(rate, TimeSpan.Zero)) : null;
        using var agreement = new Agreement();
        await using var device = await CreateAsync("device alone", PolicyNames.AllOnDevice, LoadingFrames);
        await using var whole = await CreateAsync("server alone", PolicyNames.AllOnServer, LoadingFrames);
        await using var policy = await CreateAsync("the policy", PolicyNames.MuLinUcb, LearningFrames);
        var senders = new List<Contender>();
        try
        {
            foreach (var codec in pictures) senders.Add(await CreateAsync($"server alone, {WordsOf(codec)}", PolicyNames.AllOnServer, LoadingFrames, codec));
            await terminal.TrackAsync("warming up, until the policy has settled", (Contender[])[device, whole, .. senders, policy], async contender =>
            {
                try
                {
                    while (!contender.IsWarm) await PlayAsync(contender, model, agreement, cancellationToken);
                }
                catch (TailRefusedException refused) when (contender.Codec is { } codec && refused.Code == RefusalCode.CodecNotAllowed)
                {
                    terminal.Complain($"Without the {contender.Name}: the server does not take codec '{codec}'. Start it with --image-codecs {codec} to see what that costs.");
                    senders.Remove(contender);
                    await contender.DisposeAsync();
                }
            });
            await CompareAsync(model, [device, whole, .. senders, policy], agreement, cancellationToken);
            Write(model.Model, device, whole, senders, policy, agreement);
        }
        finally
        {
            foreach (var sender in senders) await sender.DisposeAsync();
        }

        async ValueTask<Contender> CreateAsync(string name, string policyName, int maxWarmUp, ImageCodec? codec = null)
        {
            var settings = new SplitInferenceOptions { Policy = policyName, Server = server, Transport = transport, OnServerFailure = OnServerFailure.Throw, Execution = execution, Codec = codec?.Name };
            if (codec is not null) settings.KnownCodecs = settings.KnownCodecs.With(codec);
            if (link is not null) settings.EmulateLink(link);
            return new(name, await SplitInferenceClient.CreateAsync(settings, model.Model, cancellationToken), maxWarmUp, codec?.Name);
        }
    }

    private static string WordsOf(ImageCodec codec) => codec.Format switch
    {
        ImageFormat.Png => "PNG",
        ImageFormat.Jpeg => $"JPEG q{codec.Quality}",
        _ => $"WebP q{codec.Quality}",
    };

    private Task CompareAsync(ModelWithInputs model, Contender[] contenders, Agreement agreement, CancellationToken cancellationToken) =>
        terminal.TrackAsync("device, server and policy in turns", frames, async step =>
        {
            for (var played = 0; played < frames; played += Turn)
            {
                foreach (var contender in contenders)
                    for (var i = played; i < Math.Min(played + Turn, frames); i++) await PlayAsync(contender, model, agreement, cancellationToken);
                for (var i = played; i < Math.Min(played + Turn, frames); i++) step();
            }
        });

    private static async ValueTask PlayAsync(Contender contender, ModelWithInputs model, Agreement agreement, CancellationToken cancellationToken)
    {
        // What a picture loses says nothing of the others. The device has run before.
        if (contender.Codec is not null) agreement = contender.Pictures ??= agreement.Branch();
        try
        {
            await contender.PlayAsync(model.Inputs, agreement.Add, cancellationToken);
        }
        catch (EngineException error)
        {
            throw model.Explain(error, "--input NAME=FILE");
        }
    }

    private void Write(PartitionedModel model, Contender device, Contender server, IReadOnlyList<Contender> senders, Contender policy, Agreement agreement)
    {
        var choice = policy.UsualPartition == model.Plan.AllOnDevice.Index ? "all on the device" : policy.UsualPartition == 0 ? "all on the server" : $"split at {policy.UsualPartition}";
        var pictures = string.Concat(senders.Select(static sender => string.Create(CultureInfo.InvariantCulture, $"; {sender.Name} {sender.MeanMs:0.#} ({Words(sender.Pictures!)})")));
        var sentence = string.Create(CultureInfo.InvariantCulture, $"{choice}: {policy.MeanMs:0.#} ms; device alone {device.MeanMs:0.#}; server alone {server.MeanMs:0.#}; {Words(agreement)}{pictures}");
        var end = new TrialLine(model.Source, slowDevice, mbps, policy.UsualPartition, policy.MeanMs, device.MeanMs, server.MeanMs, agreement.IsSameClass, agreement.MaxAbs, sentence);
        ContenderLine[] rows = [device.Sum(), server.Sum(), .. senders.Select(static sender => sender.Sum()), policy.Sum()];
        if (isJson)
        {
            var lines = new JsonLines(terminal.Output);
            foreach (var row in rows) lines.Write(row, LineContext.Default.ContenderLine);
            lines.Write(end, LineContext.Default.TrialLine);
            return;
        }

        var room = Math.Max(LeastNameWidth, rows.Max(static row => row.Contender.Length));
        terminal.Output.WriteLine($"{new string(' ', room)}   mean ms  median ms  95 % within   device   split  server        sent");
        foreach (var row in rows)
        {
            terminal.Output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{row.Contender.PadRight(room)} {row.MeanMs,9:0.0} {row.P50Ms,10:0.0} {row.P95Ms,12:0.0} {row.DeviceShare * 100,6:0} % {row.SplitShare * 100,5:0} % {row.ServerShare * 100,5:0} % {Sizes.Bytes(row.BytesSent),11}"));
        }

        terminal.Output.WriteLine(sentence);
    }

    private static string Words(Agreement agreement) => agreement.IsSameClass switch
    {
        true => "same class",
        false => "not the same class",
        null => $"outputs within {agreement.MaxAbs.ToString("G2", CultureInfo.InvariantCulture)}",
    };
}
