using System.CommandLine;
using System.Globalization;
using SplitInfer.Cli.Inputs;
using SplitInfer.Cli.Output;
using SplitInfer.Client;
using SplitInfer.Client.Transport;
using SplitInfer.Emulation;
using SplitInfer.Execution;
using SplitInfer.Partitioning;
using SplitInfer.Policies;

namespace SplitInfer.Cli.Commands.Try;

/// <summary>Shows what splitting a model gains with a server: device alone, server alone and the policy, in turns.</summary>
internal sealed class TryCommand(Terminal terminal, bool isJson, double slowDevice, double? mbps, int frames)
{
    private const int InputSeed = 1;
    // What does not learn is warm once caches are and code is compiled.
    private const int LoadingFrames = 5;
    private const int LearningFrames = 150;
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
        slow.Validators.Add(static result =>
        {
            if (result.Tokens is [.., var last] && FactorOf(last.Value) is null) result.AddError($"--slow-device takes a factor of 1 or more such as 8x, not '{last.Value}'.");
        });
        link.Require<double>(static rate => rate > 0, "takes a positive number.");
        count.Require<int>(static number => number >= 1, "takes 1 or more.");
        var command = new ExplainedCommand("try", "Plays device alone, server alone and the policy in turns, and tells what each costs.",
            "splitinfer try squeezenet.onnx --server tcp://127.0.0.1:7070",
            "splitinfer try squeezenet.onnx --server tcp://127.0.0.1:7070 --slow-device 8x --mbps 20")
        {
            file, server, input, slow, link, count, options.Connecting.All, options.Planning,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (plan, execution) = (options.PlanOf(parsed), options.ExecutionOf(parsed));
            var (path, address) = (parsed.GetRequiredValue(file), Addresses.Parse(parsed.GetRequiredValue(server), "--server"));
            var transport = options.Connecting.Of(parsed);
            await ServerCheck.RequireAsync(address, transport, cancellationToken);
            using var model = terminal.While($"Planning {path}", () => ModelWithInputs.Load(path, names => TensorFiles.Read(parsed.GetValue(input) ?? [], names), plan, execution, InputSeed));
            var command = new TryCommand(terminal, parsed.GetValue(options.Json), FactorOf(parsed.GetValue(slow) ?? "1")!.Value, parsed.GetValue(link), parsed.GetValue(count));
            await command.RunAsync(model, address, transport, execution, cancellationToken);
        });
        return command;
    }

    private static double? FactorOf(string text) =>
        double.TryParse(text.TrimEnd('x'), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var factor) && factor is >= 1 and <= 1e6 ? factor : null;

    private async Task RunAsync(ModelWithInputs model, Uri server, TransportOptions transport, ExecutionOptions execution, CancellationToken cancellationToken)
    {
        if (slowDevice > 1) execution.WrapRunner = new EmulatedDevice(slowDevice).Wrap;
        var link = mbps is { } rate ? new EmulatedLink(new(rate, TimeSpan.Zero)) : null;
        using var agreement = new Agreement();
        await using var device = await CreateAsync("device alone", PolicyNames.AllOnDevice, LoadingFrames);
        await using var whole = await CreateAsync("server alone", PolicyNames.AllOnServer, LoadingFrames);
        await using var policy = await CreateAsync("the policy", PolicyNames.MuLinUcb, LearningFrames);
        Contender[] contenders = [device, whole, policy];
        await terminal.TrackAsync("warming up, until the policy has settled", contenders, async contender =>
        {
            while (!contender.IsWarm) await PlayAsync(contender, model, agreement, cancellationToken);
        });
        await terminal.TrackAsync("device, server and policy in turns", frames, async step =>
        {
            for (var played = 0; played < frames; played += Turn)
            {
                foreach (var contender in contenders)
                    for (var i = played; i < Math.Min(played + Turn, frames); i++) await PlayAsync(contender, model, agreement, cancellationToken);
                for (var i = played; i < Math.Min(played + Turn, frames); i++) step();
            }
        });
        Write(model.Model, contenders, agreement);

        async ValueTask<Contender> CreateAsync(string name, string policyName, int maxWarmUp)
        {
            var settings = new SplitInferenceOptions { Policy = policyName, Server = server, Transport = transport, OnServerFailure = OnServerFailure.Throw, Execution = execution };
            if (link is not null) settings.EmulateLink(link);
            return new(name, await SplitInferenceClient.CreateAsync(settings, model.Model, cancellationToken), maxWarmUp);
        }
    }

    private static async ValueTask PlayAsync(Contender contender, ModelWithInputs model, Agreement agreement, CancellationToken cancellationToken)
    {
        try
        {
            await contender.PlayAsync(model.Inputs, agreement.Add, cancellationToken);
        }
        catch (EngineException error)
        {
            throw model.Explain(error, "--input NAME=FILE");
        }
    }

    private void Write(PartitionedModel model, Contender[] contenders, Agreement agreement)
    {
        var (device, server, policy) = (contenders[0], contenders[1], contenders[2]);
        var choice = policy.UsualPartition == model.Plan.AllOnDevice.Index ? "all on the device" : policy.UsualPartition == 0 ? "all on the server" : $"split at {policy.UsualPartition}";
        var same = agreement.IsSameClass switch { true => "same class", false => "not the same class", null => $"outputs within {agreement.MaxAbs.ToString("G2", CultureInfo.InvariantCulture)}" };
        var sentence = string.Create(CultureInfo.InvariantCulture, $"{choice}: {policy.MeanMs:0.#} ms; device alone {device.MeanMs:0.#}; server alone {server.MeanMs:0.#}; {same}");
        var end = new TrialLine(model.Source, slowDevice, mbps, policy.UsualPartition, policy.MeanMs, device.MeanMs, server.MeanMs, agreement.IsSameClass, agreement.MaxAbs, sentence);
        ContenderLine[] rows = [.. contenders.Select(static contender => contender.Sum())];
        if (isJson)
        {
            var lines = new JsonLines(terminal.Output);
            foreach (var row in rows) lines.Write(row, LineContext.Default.ContenderLine);
            lines.Write(end, LineContext.Default.TrialLine);
            return;
        }

        terminal.Output.WriteLine("                 mean ms  median ms  95 % within   device   split  server        sent");
        foreach (var row in rows)
        {
            terminal.Output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{row.Contender,-14} {row.MeanMs,9:0.0} {row.P50Ms,10:0.0} {row.P95Ms,12:0.0} {row.DeviceShare * 100,6:0} % {row.SplitShare * 100,5:0} % {row.ServerShare * 100,5:0} % {Sizes.Bytes(row.BytesSent),11}"));
        }

        terminal.Output.WriteLine(sentence);
    }
}
