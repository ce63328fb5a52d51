using System.CommandLine;
using SplitInfer.Cli.Benchmarks;
using SplitInfer.Cli.Commands.Exits;
using SplitInfer.Cli.Inputs;
using SplitInfer.Cli.Output;
using SplitInfer.Exits;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Commands.Bench;

/// <summary>Measures what clients with exits have by a deadline while links and servers fail.</summary>
internal static class BenchAnytimeCommand
{
    // As many as differ enough, and fit in memory.
    private const int MostSamples = 1000;

    public static Command Create(SharedOptions options, Terminal terminal)
    {
        var file = SharedOptions.Model();
        var exits = new Option<string>("--exits") { Description = "The exits that 'splitinfer exits add' made.", HelpName = "F", Required = true };
        var inputs = new Option<string>("--inputs") { Description = "Folder of samples that the exits were not made with.", HelpName = "DIR", Required = true };
        var labels = new Option<string?>("--labels") { Description = "The right class of each sample, in the order of the names of the samples. [default: what the model answers]", HelpName = "F" };
        var deadlines = new Option<double[]>("--deadlines") { Description = "Deadlines in ms, separated by commas.", HelpName = "MS,MS…", CustomParser = NumberList.Parse, DefaultValueFactory = static _ => [30, 100] };
        var requests = new Option<int>("--requests") { Description = "Requests of each contender and deadline.", HelpName = "N", DefaultValueFactory = static _ => 1000 };
        var stretch = new Option<int>("--stretch") { Description = "How many requests a fault lasts in the mean.", HelpName = "N", DefaultValueFactory = static _ => 30 };
        var slowdown = new Option<double>("--slowdown") { Description = "How many times as long as this machine the device takes.", HelpName = "X", DefaultValueFactory = static _ => 12 };
        var seed = new Option<int>("--seed") { Description = "Seed of samples and faults; the same seed gives the same ones.", HelpName = "N", DefaultValueFactory = static _ => 1 };
        requests.Require<int>(static count => count is >= 1 and <= 1_000_000, "takes 1 to 1000000.");
        stretch.Require<int>(static count => count is >= 1 and <= 10_000, "takes 1 to 10000.");
        slowdown.Require<double>(static times => times is >= 1 and <= 1e6, "takes 1 to 1000000.");
        var command = new ExplainedCommand("anytime", "Has clients with exits infer by a deadline while their links fail and their server processes are paused and killed, and tells what they have by then.",
            "splitinfer bench anytime mnist.onnx --exits mnist.exits.json --inputs digits --labels labels.txt --slowdown 1500",
            "splitinfer bench anytime model.onnx --exits model.exits.json --inputs photographs --deadlines 30,100,300 --requests 300 --slowdown 40 --json")
        {
            file, exits, inputs, labels, deadlines, requests, stretch, slowdown, seed,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (!BenchmarkServer.CanPause) throw new UsageException("'bench anytime' pauses server processes, which takes Linux or macOS.");
            var path = parsed.GetRequiredValue(file);
            var (model, folder) = ExitsSource.Open(path, parsed.GetRequiredValue(inputs), options.PlanOf(parsed), options.ExecutionOf(parsed, new() { IntraOpThreads = 1 }), terminal);
            var read = ExitsFile.Load(parsed.GetRequiredValue(exits));
            read.RequireFor(model.Plan);
            if (model.Plan.Outputs[0].Type != ElementType.Float32) throw new UsageException($"'{path}' yields {model.Plan.Outputs[0]}; 'bench anytime' compares float32 scores.");
            var settings = new AnytimeSettings
            {
                Path = path, Model = model, ExitsPath = parsed.GetRequiredValue(exits), Exits = read,
                Samples = [.. Enumerable.Range(0, Math.Min(folder.Count, MostSamples)).Select(sample => folder.Read(sample, model.Plan.Inputs))],
                Classes = parsed.GetValue(labels) is { } given ? LabelFile.Read(given, folder.Count) : null,
                Slowdown = parsed.GetValue(slowdown), Requests = parsed.GetValue(requests), Stretch = parsed.GetValue(stretch), Seed = parsed.GetValue(seed),
            };
            await RunAsync(new(settings, TimeProvider.System), parsed.GetValue(deadlines)!, parsed.GetValue(options.Json) ? new(terminal.Output) : null, terminal, cancellationToken);
        });
        return command;
    }

    private static async Task RunAsync(AnytimeBenchmark benchmark, double[] deadlines, JsonLines? lines, Terminal terminal, CancellationToken cancellationToken)
    {
        AnytimeDeviceRow? device = null;
        await terminal.TrackAsync("Answers and times", benchmark.Steps, async step => device = await benchmark.PrepareAsync(step, cancellationToken));
        if (lines is null) AnytimeTable.Write(terminal, device!);
        else lines.Write(device!, LineContext.Default.AnytimeDeviceRow);
        var rows = new List<AnytimeRow>();
        foreach (var deadline in deadlines)
        {
            IReadOnlyList<AnytimeRow> some = [];
            await terminal.TrackAsync($"Requests with {deadline} ms", benchmark.Requests, async step => some = await benchmark.RunAsync(TimeSpan.FromMilliseconds(deadline), step, cancellationToken));
            foreach (var row in some) lines?.Write(row, LineContext.Default.AnytimeRow);
            rows.AddRange(some);
        }

        if (benchmark.Failure is { } failure) terminal.Complain($"A request had no answer for another reason than its deadline: {FailureWords.Of(failure)}");
        if (lines is null) AnytimeTable.Write(terminal, rows);
    }
}
