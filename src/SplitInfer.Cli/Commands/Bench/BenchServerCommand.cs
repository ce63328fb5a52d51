using System.CommandLine;
using System.Globalization;
using Spectre.Console;
using SplitInfer.Cli.Benchmarks.Servers;
using SplitInfer.Cli.Inputs;
using SplitInfer.Cli.Output;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Commands.Bench;

/// <summary>Compares a server with ONNX Runtime alone, and with another server.</summary>
internal static class BenchServerCommand
{
    private const int Seed = 1;

    private static readonly double[] UsualClients = [1, 4, 16, 64];

    public static Command Create(SharedOptions options, Terminal terminal)
    {
        var file = SharedOptions.Model();
        var server = new Option<string>("--server") { Description = "The server, a process of its own that holds the model.", HelpName = "URI", Required = true };
        var baseline = new Option<string?>("--baseline") { Description = "A server of the same model that speaks the Open Inference Protocol over gRPC, such as bench/Baseline of the repository, as http://HOST:PORT. [default: none]", HelpName = "URI" };
        var clients = new Option<double[]>("--clients") { Description = "Clients that make requests at the same time, one after the other each, separated by commas. [default: 1,4,16,64]", HelpName = "N,N…", CustomParser = NumberList.Parse };
        var seconds = new Option<double>("--seconds") { Description = "How long a turn of a contender lasts.", HelpName = "S", DefaultValueFactory = static _ => 2 };
        var rounds = new Option<int>("--rounds") { Description = "Turns of each contender for each number of clients.", HelpName = "N", DefaultValueFactory = static _ => 5 };
        var warmUp = new Option<double>("--warmup") { Description = "How long each contender is asked by as many clients as will be before anything is timed.", HelpName = "S", DefaultValueFactory = static _ => 10 };
        clients.Validators.Add(static result =>
        {
            if (result.Tokens.Count > 0 && result.GetValueOrDefault<double[]>() is { } given && !given.All(static count => count is >= 1 and <= 1024 && count % 1 == 0)) result.AddError("--clients takes whole numbers from 1 to 1024, separated by commas.");
        });
        baseline.Validators.Add(static result =>
        {
            foreach (var token in result.Tokens)
                if (!IsHttp(token.Value)) result.AddError($"--baseline {token.Value} is not of the form http://HOST:PORT.");
        });
        seconds.Require<double>(static length => length is >= 0.1 and <= 600, "takes 0.1 to 600.");
        warmUp.Require<double>(static length => length is >= 0 and <= 600, "takes 0 to 600.");
        rounds.Require<int>(static count => count is >= 1 and <= 1000, "takes 1 to 1000.");
        var command = new ExplainedCommand("server", "Compares what a server does for many clients with ONNX Runtime alone in one process, and with another server.",
            "splitinfer bench server squeezenet.onnx --server tcp://127.0.0.1:7070 --threads 1",
            "splitinfer bench server mnist.onnx --server tcp://127.0.0.1:7070 --baseline http://127.0.0.1:5001 --clients 1,16,64 --json")
        {
            file, server, baseline, clients, seconds, rounds, warmUp, options.Connecting.All, options.Planning,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (lines, path) = (parsed.GetValue(options.Json) ? new JsonLines(terminal.Output) : null, parsed.GetRequiredValue(file));
            var (address, transport) = (Addresses.Parse(parsed.GetRequiredValue(server), "--server"), options.Connecting.Of(parsed));
            var counts = parsed.GetValue(clients) is { Length: > 0 } given ? given : UsualClients;
            await ServerCheck.RequireAsync(address, transport, cancellationToken);
            var model = terminal.While($"Planning {path}", () => PartitionedModel.Load(path, options.PlanOf(parsed), options.ExecutionOf(parsed)));
            if (model.Plan.Inputs.Any(static input => input.Type != ElementType.Float32)) throw new UsageException($"{path} has inputs that are not 32-bit floating-point numbers, which the other contenders do not take. Choose another model.");
            TensorValue[] inputs = [.. model.MakeInputs(Seed)];
            var most = (int)counts.Max();
            List<ILoadContender> contenders = [new BareContender(path, inputs), new ServedContender(address, transport, model, inputs, most)];
            if (parsed.GetValue(baseline) is { } other) contenders.Add(new OpenInferenceContender(new(other), model, inputs, most));
            try
            {
                var benchmark = new ServerBenchmark(contenders, TimeSpan.FromSeconds(parsed.GetValue(seconds)), parsed.GetValue(rounds), TimeSpan.FromSeconds(parsed.GetValue(warmUp)), TimeProvider.System);
                var table = new Table().Border(TableBorder.Simple);
                foreach (var column in (string[])["clients", "contender", "results/s", "of bare", "p50 ms", "of bare", "p99 ms"]) table.AddColumn(new TableColumn(column).RightAligned());
                await benchmark.WarmUpAsync(most, cancellationToken);
                foreach (var count in counts)
                {
                    foreach (var row in await benchmark.RunAsync((int)count, cancellationToken))
                    {
                        lines?.Write(row, LineContext.Default.ServerRow);
                        table.AddRow([$"{row.Clients}", row.Contender, Number($"{row.PerSecond:0}"), Number($"{row.PerSecondRatio:0.00}"), Number($"{row.P50Ms:0.00}"), Number($"{row.P50Ratio:0.00}"), Number($"{row.P99Ms:0.00}")]);
                    }
                }

                if (lines is null) terminal.Tables.Write(table);
                return 0;
            }
            finally
            {
                foreach (var contender in contenders) await contender.DisposeAsync();
                foreach (var input in inputs) input.Dispose();
            }
        });
        return command;

        static bool IsHttp(string address) => Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme is ("http" or "https");

        static string Number(FormattableString number) => number.ToString(CultureInfo.InvariantCulture);
    }
}
