using System.CommandLine;
using System.Globalization;
using SplitInfer.Cli.Benchmarks;
using SplitInfer.Cli.Commands.Exits;
using SplitInfer.Cli.Inputs;
using SplitInfer.Cli.Output;
using SplitInfer.Exits;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Commands.Bench;

/// <summary>What 'bench quality' is given to load real servers, and what it prints of them.</summary>
internal sealed class ServedQualityOptions
{
    // As many as differ enough, and fit in memory.
    private const int MostSamples = 1000;

    /// <summary>The exits of the model.</summary>
    public Option<string?> Exits { get; } = new("--exits") { Description = "With a MODEL: the file that 'splitinfer exits add' wrote.", HelpName = "F" };

    /// <summary>Samples of its inputs.</summary>
    public Option<string?> Inputs { get; } = new("--inputs") { Description = "With a MODEL: folder of samples that the exits were not made with.", HelpName = "DIR" };

    /// <summary>The right class of each.</summary>
    public Option<string?> Labels { get; } = new("--labels") { Description = "With a MODEL: the right class of each sample, in the order of the names of the samples. [default: what the model answers]", HelpName = "F" };

    /// <summary>How many times as long servers take.</summary>
    public Option<double> Slowdown { get; } = new("--slowdown") { Description = "With a MODEL: how many times as long servers take for everything, as on a slower machine.", HelpName = "X", DefaultValueFactory = static _ => 1 };

    public ServedQualityOptions() => Slowdown.Require<double>(static factor => factor is >= 1 and <= 1e6, "takes 1 or more.");

    /// <summary>Reads model, exits and samples.</summary>
    /// <exception cref="UsageException">Something is not given.</exception>
    public ServedQualitySettings SettingsOf(ParseResult parsed, string path, SharedOptions options, Terminal terminal)
    {
        if (parsed.GetValue(Exits) is not { } exits || parsed.GetValue(Inputs) is not { } inputs) throw new UsageException("With a MODEL, name its exits with --exits F and samples with --inputs DIR.");
        var (model, folder) = ExitsSource.Open(path, inputs, options.PlanOf(parsed), options.ExecutionOf(parsed, new() { IntraOpThreads = 1 }), terminal);
        var read = ExitsFile.Load(exits);
        read.RequireFor(model.Plan);
        var samples = Enumerable.Range(0, Math.Min(folder.Count, MostSamples)).Select(sample => folder.Read(sample, model.Plan.Inputs)).ToArray();
        return new()
        {
            Path = path, Model = model, Exits = read, Samples = samples, Slowdown = parsed.GetValue(Slowdown),
            Classes = parsed.GetValue(Labels) is { } labels ? LabelFile.Read(labels, folder.Count) : ClassesOf(model, samples),
            Deadlines = [], Users = 1, Seconds = 1, IsBursty = false, Seed = 1,
        };
    }

    /// <summary>Loads servers, and prints what came of it.</summary>
    public static async Task RunAsync(ServedQualitySettings settings, double[] loads, JsonLines? lines, Terminal terminal, CancellationToken cancellationToken)
    {
        var (benchmark, rows) = (new ServedQualityBenchmark(settings, TimeProvider.System), new List<ServedQualityRow>());
        await terminal.TrackAsync("contenders", loads.Length * QualityServing.All(settings.Exits).Count, async step =>
        {
            await foreach (var row in benchmark.RunAsync(loads, step, cancellationToken))
            {
                rows.Add(row);
                lines?.Write(row, LineContext.Default.ServedQualityRow);
            }
        });
        if (lines is not null) return;
        terminal.Output.WriteLine("load  contender          requests  misses %  refused %  right in time %  least user of the mean %  by exits %  made late p99 ms");
        foreach (var row in rows)
            terminal.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{row.Load,4}  {row.Contender,-17} {row.Requests,9} {row.Misses * 100,9:0.00} {row.Refused * 100,10:0.00} {row.Accuracy * 100,16:0.0} {(row.LeastUserShare ?? 1) * 100,25:0.0} {row.ExitShare * 100,11:0.0} {row.MadeLateMs,17:0.0}"));
        terminal.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"load 1: {benchmark.Capacity:0} requests a second, which the server could run whole; right in time: late and refused requests count as wrong; made late: what this machine adds"));
    }

    private static int[] ClassesOf(PartitionedModel model, TensorValue[][] samples)
    {
        using var whole = Segments.LoadedCut.Load(model, model.Plan.AllOnServer.Index, new() { IntraOpThreads = 1 });
        return [.. samples.Select(inputs =>
        {
            var outputs = whole.Run(inputs);
            var best = outputs[0].TopK(1)[0].Index;
            foreach (var output in outputs) output.Dispose();
            return best;
        })];
    }
}
