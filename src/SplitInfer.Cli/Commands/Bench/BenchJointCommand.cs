using System.CommandLine;
using System.Globalization;
using SplitInfer.Cli.Benchmarks;
using SplitInfer.Cli.Inputs;
using SplitInfer.Cli.Output;
using SplitInfer.Exits;
using SplitInfer.Families;
using SplitInfer.Partitioning;

namespace SplitInfer.Cli.Commands.Bench;

/// <summary>Measures what choosing variant, cut, codec, exit and server together is worth, with real servers.</summary>
internal static class BenchJointCommand
{
    // As many as differ enough, and fit in memory.
    private const int MostSamples = 1000;

    public static Command Create(SharedOptions options, Terminal terminal)
    {
        var file = new Argument<string>("FAMILY") { Description = "The folder or family.json of a family." };
        var inputs = new Option<string>("--inputs") { Description = "Folder of samples that neither the family nor its exits were made with.", HelpName = "DIR", Required = true };
        var exits = new Option<string>("--exits") { Description = "Folder of the exits of its variants, a *.exits.json each.", HelpName = "DIR", Required = true };
        var calibration = new Option<string?>("--calibration") { Description = "What 'splitinfer calibrate' left of the variants, a folder or a file: codecs that lose little enough are used then as well.", HelpName = "F" };
        var labels = new Option<string?>("--labels") { Description = "The right class of each sample, in the order of the names of the samples.", HelpName = "F" };
        var budget = new Option<double>("--budget") { Description = "The loss that is acceptable, of variants, codecs and exits alike; 0.01 is a point.", HelpName = "LOSS", DefaultValueFactory = static _ => 0.01 };
        var requests = new Option<int>("--requests") { Description = "Requests of each contender and world.", HelpName = "N", DefaultValueFactory = static _ => 200 };
        var worlds = new Option<int>("--worlds") { Description = $"How many worlds are played: {string.Join(", ", ServedJointWorld.All.Select(static world => world.Name))}.", HelpName = "N", DefaultValueFactory = static _ => ServedJointWorld.All.Count };
        var slowdown = new Option<double>("--slowdown") { Description = "How many times as long as this machine the device takes.", HelpName = "X", DefaultValueFactory = static _ => 12 };
        var seed = new Option<int>("--seed") { Description = "Seed of the samples.", HelpName = "N", DefaultValueFactory = static _ => 1 };
        budget.Require<double>(static loss => loss is >= 0 and < 1, "takes a loss from 0 to below 1, such as 0.01 for a point.");
        requests.Require<int>(static count => count is >= 1 and <= 1_000_000, "takes 1 to 1000000.");
        worlds.Require<int>(static count => count >= 1 && count <= ServedJointWorld.All.Count, $"takes 1 to {ServedJointWorld.All.Count}.");
        slowdown.Require<double>(static times => times is >= 1 and <= 1e6, "takes 1 to 1000000.");
        var command = new ExplainedCommand("joint", "Has a client choose variant, cut, codec, exit and server together among two real servers, beside clients that turn one of these alone.",
            "splitinfer bench joint family --inputs photographs --exits family",
            "splitinfer bench joint family --inputs photographs --labels labels.txt --exits family --slowdown 40 --worlds 1 --json")
        {
            file, inputs, exits, calibration, labels, budget, requests, worlds, slowdown, seed,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var family = FamilyArgument.FamilyOf(parsed.GetRequiredValue(file)) ?? throw new UsageException($"{parsed.GetRequiredValue(file)} is no family: name the folder that 'splitinfer tailor' made.");
            var (variants, least) = Open(family, parsed.GetValue(budget));
            var main = variants[0].Model.Plan;
            var folder = SampleFolder.Open(parsed.GetRequiredValue(inputs), [.. main.Inputs.Select(static input => input.Name)]);
            var (read, path) = ExitsOf(parsed.GetRequiredValue(exits), main, parsed.GetValue(budget));
            var settings = new ServedJointBenchmarkSettings
            {
                Family = family, Variants = variants, MinAccuracy = least, Budget = parsed.GetValue(budget), Exits = parsed.GetRequiredValue(exits), MainExits = read, MainExitsPath = path, Calibration = parsed.GetValue(calibration),
                Samples = [.. Enumerable.Range(0, Math.Min(folder.Count, MostSamples)).Select(sample => folder.Read(sample, main.Inputs))],
                Classes = parsed.GetValue(labels) is { } given ? LabelFile.Read(given, folder.Count) : null,
                Requests = parsed.GetValue(requests), Slowdown = parsed.GetValue(slowdown), Seed = parsed.GetValue(seed),
            };
            await RunAsync(settings, parsed.GetValue(worlds), parsed.GetValue(options.Json) ? new(terminal.Output) : null, terminal, cancellationToken);
        });
        return command;
    }

    private static async Task RunAsync(ServedJointBenchmarkSettings settings, int worlds, JsonLines? lines, Terminal terminal, CancellationToken cancellationToken)
    {
        await using var benchmark = new ServedJointBenchmark(settings, TimeProvider.System);
        await terminal.TrackAsync("Clients", benchmark.Settings.Count, step => benchmark.PrepareAsync(step, cancellationToken));
        foreach (var world in ServedJointWorld.All.Take(worlds))
        {
            var rows = new List<ServedJointRow>();
            await terminal.TrackAsync(world.Name, settings.Requests, async step =>
            {
                await foreach (var row in benchmark.PlayAsync(world, step, cancellationToken))
                {
                    lines?.Write(row, LineContext.Default.ServedJointRow);
                    rows.Add(row);
                }
            });
            var sum = ServedJointSummary.Of(rows);
            if (lines is not null) lines.Write(sum, LineContext.Default.ServedJointSummary);
            else Write(terminal, world, rows, sum);
        }
    }

    private static void Write(Terminal terminal, ServedJointWorld world, IReadOnlyList<ServedJointRow> rows, ServedJointSummary sum)
    {
        Write($"{world.Name}: {string.Join("; ", world.Links.Select(static link => string.Create(CultureInfo.InvariantCulture, $"{link.Mbps} Mbit/s, {link.RoundTrip.TotalMilliseconds} ms")))}");
        Write($"{"contender",-34} {"knobs",-34} mean ms  second half  agreement %  right %  most often");
        foreach (var row in rows.OrderBy(static row => row.MeanMs))
            Write($"{row.Contender,-34} {string.Join(", ", row.Knobs),-34} {row.MeanMs,7:0.0} {row.LaterMeanMs,12:0.0} {row.Agreement * 100,12:0.0} {row.Accuracy * 100,8:0.0}  {row.Choice} ({row.ChoiceShare * 100:0} %)");
        Write($"the best single knob takes {sum.Ratio:0.00} times as long as the joint choice, over the second half {sum.LaterRatio:0.00} times");
        terminal.Output.WriteLine();

        void Write(FormattableString line) => terminal.Output.WriteLine(line.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>The variants that a client may use and that lose no more than the budget, and the accuracy that they have at least.</summary>
    private static (IReadOnlyList<JointVariant> Variants, double MinAccuracy) Open(string path, double budget)
    {
        FamilyVariant[] usable = [.. FamilyFile.Load(path).Variants.Where(static variant => variant.IsParetoOptimal && !variant.IsTimedElsewhere)];
        if (usable.Length == 0) throw new UsageException($"No variant of '{path}' is for this machine. Make it again with 'splitinfer tailor'.");
        Func<FamilyVariant, double> accuracy = usable.All(static variant => variant.Accuracy is not null) ? static variant => variant.Accuracy!.Value : static variant => variant.Agreement;
        // Whoever is most accurate is what the others lose against.
        var main = usable.MaxBy(accuracy)!;
        var least = accuracy(main) - budget - Rounding;
        return ([.. usable.Where(variant => accuracy(variant) >= least).OrderBy(variant => variant != main).Select(variant => new JointVariant(variant.Name, PartitionedModel.Load(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, variant.File))))], least);
    }

    // What is a point less than a share, as written, need not be so in floating point.
    private const double Rounding = 1e-9;

    /// <summary>The exits of the main variant, where they lose no more than the budget.</summary>
    private static (ModelExits? Exits, string? Path) ExitsOf(string folder, PartitionPlan plan, double budget)
    {
        foreach (var path in Directory.Exists(folder) ? Directory.GetFiles(folder, "*.exits.json").Order(StringComparer.Ordinal) : throw new DirectoryNotFoundException($"There is no folder '{folder}'."))
            if (ExitsFile.Load(path) is var exits && exits.Model == plan.Model && exits.Plan == plan.Fingerprint && exits.Promise.LossHigh <= budget) return (exits, path);
        return (null, null);
    }
}
