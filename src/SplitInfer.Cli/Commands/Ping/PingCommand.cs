using System.CommandLine;
using System.Globalization;
using SplitInfer.Cli.Benchmarks;
using SplitInfer.Cli.Inputs;
using SplitInfer.Cli.Output;
using SplitInfer.Client.Transport;
using SplitInfer.Codecs;
using SplitInfer.Partitioning;
using SplitInfer.Protocol;

namespace SplitInfer.Cli.Commands.Ping;

/// <summary>Says whether a server answers, how far it is, and whether it holds a model.</summary>
internal static class PingCommand
{
    private const int Succeeded = 0, Failed = 1;

    public static Command Create(SharedOptions options, Terminal terminal)
    {
        var server = new Argument<string>("URI") { Description = "The server, such as tcp://127.0.0.1:7070 or unix:///run/splitinfer.sock." };
        var file = new Argument<string?>("MODEL") { Description = "An .onnx file: asks whether the server holds it, and how many of its tails it has measured. Servers do not list their models, so what else one holds only its log tells.", Arity = ArgumentArity.ZeroOrOne };
        var count = new Option<int>("--count") { Description = "Round trips to measure, after one that is not counted.", HelpName = "N", DefaultValueFactory = static _ => 10 };
        var alive = new Option<bool>("--alive") { Description = "Only ask whether a server runs there, for health checks: one that refuses this client, as for want of a key, runs as well." };
        count.Require<int>(static number => number >= 1, "takes 1 or more.");
        var command = new ExplainedCommand("ping",
            "Says whether a server answers, how far it is, and whether it holds a model that you name.",
            "splitinfer ping tcp://127.0.0.1:7070",
            "splitinfer ping tls://edge:7070 --tls-ca ca.pem --key-file key.txt",
            "splitinfer ping tcp://127.0.0.1:7070 squeezenet.onnx --json")
        {
            server, file, count, alive, options.Connecting.All, options.Planning,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var address = Addresses.Parse(parsed.GetRequiredValue(server), "URI");
            var path = parsed.GetValue(file);
            var plan = options.PlanOf(parsed);
            if (path is not null) ModelFile.Require(path);
            var transport = options.Connecting.Of(parsed);
            PingLine line;
            try
            {
                line = await MeasureAsync(address, transport, parsed.GetValue(count), cancellationToken);
            }
            catch (TailRefusedException refused) when (parsed.GetValue(alive))
            {
                terminal.Complain($"{address.ToString().TrimEnd('/')} answers, and refuses this client: {FailureWords.Of(refused)}");
                return Succeeded;
            }

            // Reading and planning may take long, and whether the server answers is asked first.
            var model = path is null ? null : terminal.While($"Planning {path}", () => ModelFile.Load(path, samples: null, plan, options.ExecutionOf(parsed)));
            if (model is not null) line = await AskAsync(line, address, transport, model, cancellationToken);
            if (parsed.GetValue(options.Json)) new JsonLines(terminal.Output).Write(line, LineContext.Default.PingLine);
            else Write(terminal, line, model?.Plan);
            return line.Held is false ? Failed : Succeeded;
        });
        return command;
    }

    private static async Task<PingLine> MeasureAsync(Uri address, TransportOptions options, int count, CancellationToken cancellationToken)
    {
        await using var probe = new ServerProbe(address, options);
        // The first includes connecting and what is compiled on first use.
        await probe.PingAsync(cancellationToken);
        var trips = new double[count];
        for (var i = 0; i < count; i++) trips[i] = (await probe.PingAsync(cancellationToken)).TotalMilliseconds;
        return new(address.ToString().TrimEnd('/'), Median.Of(trips), trips.Min(), trips.Max(), count, probe.AcceptedCodecs, null, null, null, null);
    }

    private static async Task<PingLine> AskAsync(PingLine line, Uri address, TransportOptions options, PartitionedModel model, CancellationToken cancellationToken)
    {
        await using var transport = new RemoteTailTransport(address, "", "", model.Plan, CodecRegistry.Default, options, TimeProvider.System);
        try
        {
            await transport.PingAsync(cancellationToken);
            return line with { Model = model.Source, Held = true, ProfiledTails = transport.TailSeconds.Count(static seconds => seconds > 0) };
        }
        catch (TailRefusedException refused)
        {
            return line with { Model = model.Source, Held = false, Reason = FailureWords.Of(refused) };
        }
    }

    private static void Write(Terminal terminal, PingLine line, PartitionPlan? plan)
    {
        terminal.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{line.Server} answers: round trip {line.RttMs:0.000} ms (median of {line.Pings}, {line.MinMs:0.000} to {line.MaxMs:0.000})"));
        terminal.Output.WriteLine($"it takes {string.Join(", ", line.Codecs)}");
        if (line.Held is true)
            terminal.Output.WriteLine($"it holds {line.Model} ({plan!.Model}); {(line.ProfiledTails > 0 ? $"{line.ProfiledTails} of its tails are measured" : "none of its tails is measured, which 'splitinfer serve --profile-tails' does")}");
        if (line.Held is false) terminal.Complain($"{line.Server} does not serve {line.Model}: {line.Reason}");
    }
}
