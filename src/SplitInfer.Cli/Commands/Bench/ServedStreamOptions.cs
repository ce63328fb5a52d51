using System.CommandLine;
using System.Globalization;
using SplitInfer.Cli.Benchmarks;
using SplitInfer.Cli.Commands.Exits;
using SplitInfer.Cli.Commands.Run;
using SplitInfer.Cli.Inputs;
using SplitInfer.Cli.Output;
using SplitInfer.Cli.Processes;
using SplitInfer.Client;

namespace SplitInfer.Cli.Commands.Bench;

/// <summary>What 'bench stream' is given to stream through a real server, and what it prints of that.</summary>
internal sealed class ServedStreamOptions
{
    private const int InputSeed = 1;

    // The client has the first one.
    private const int ProcessorOfClient = 0, ProcessorOfServer = 1;

    // As many as differ enough, and fit in memory.
    private const int MostSamples = 200;

    public ServedStreamOptions()
    {
        RoundTrip.Require<double>(static ms => ms is >= 0 and <= 10_000, "takes 0 to 10000.");
        Scouted.Require<int>(static count => count is >= 2 and <= 1_000_000, "takes 2 to 1000000.");
        Seconds.Require<double>(static seconds => seconds is > 0 and <= 86_400, "takes more than 0, at most 86400.");
    }

    /// <summary>Inputs.</summary>
    private Option<string[]> Input { get; } = new("--input") { Description = "With a MODEL: input as a .npy or .pb file; NAME=FILE where the model has several. For a model of one input also a folder of .npy files. Inputs that are not given are made up.", HelpName = "F.npy" };

    /// <summary>Bandwidths.</summary>
    private Option<double[]> Links { get; } = new("--mbps") { Description = "With a MODEL: bandwidths of the emulated link in Mbit/s, separated by commas. [default: 2,4,8,16,32,100]", HelpName = "X,X…", CustomParser = NumberList.Parse };

    /// <summary>Shares of a processor.</summary>
    private Option<double[]> Quotas { get; } = new("--quota") { Description = "With a MODEL: how much of this machine's processor the emulated device has, in %, separated by commas. [default: 25,50,100]", HelpName = "X,X…", CustomParser = NumberList.Parse };

    /// <summary>Round trip.</summary>
    private Option<double> RoundTrip { get; } = new("--rtt") { Description = "With a MODEL: round trip of the link in ms.", HelpName = "MS", DefaultValueFactory = static _ => 10 };

    /// <summary>The longest that a contender plays.</summary>
    private Option<double> Seconds { get; } = new("--seconds") { Description = "With a MODEL: how long each contender plays at most in a world.", HelpName = "S", DefaultValueFactory = static _ => 20 };

    /// <summary>Frames while the best arm is looked for.</summary>
    private Option<int> Scouted { get; } = new("--scout") { Description = "With a MODEL: frames of each arm while the best fixed one is looked for.", HelpName = "N", DefaultValueFactory = static _ => 30 };

    /// <summary>What codecs lose.</summary>
    private Option<string?> Calibration { get; } = new("--calibration") { Description = "With a MODEL: the file that 'splitinfer calibrate' left, so that lossy codecs may be used.", HelpName = "F.json" };

    /// <summary>How much must stay the same.</summary>
    private Option<Share?> MinAgreement { get; } = ShareOption.Inclusive("--min-agreement", $"With a calibration: the part of the results that must stay the same. [default: {new Share(new SplitInferenceOptions().MinAgreement)}]");

    /// <summary>All of them.</summary>
    public IEnumerable<Option> All => [Input, Links, Quotas, RoundTrip, Seconds, Scouted, Calibration, MinAgreement];

    /// <summary>Plays all worlds.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="path">The model.</param>
    /// <param name="options">Options of all commands.</param>
    /// <param name="stream">What simulated streams have as well.</param>
    /// <param name="lines">Where lines go; null prints a table.</param>
    /// <param name="terminal">Where people read.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(ParseResult parsed, string path, ServedStream stream, SharedOptions options, JsonLines? lines, Terminal terminal, CancellationToken cancellationToken)
    {
        var quotas = Given(parsed.GetValue(Quotas), [25, 50, 100]);
        if (quotas.Any(static quota => quota > 100)) throw new UsageException("--quota takes percentages up to 100: a device is not faster than this machine.");
        using var inputs = FrameInputs.Load(path, parsed.GetValue(Input) ?? [], options.PlanOf(parsed), options.ExecutionOf(parsed, new() { IntraOpThreads = 1 }), InputSeed);
        var settings = new ServedStreamSettings
        {
            Path = path,
            Model = inputs.Model.Model,
            Samples = [.. Enumerable.Range(0, Math.Min(inputs.Count, MostSamples)).Select(inputs.Of)],
            Frames = stream.Frames,
            Longest = TimeSpan.FromSeconds(parsed.GetValue(Seconds)),
            ScoutedFrames = parsed.GetValue(Scouted),
            MaxLatency = stream.MaxLatency,
            Calibration = parsed.GetValue(Calibration),
            MinAgreement = parsed.GetValue(MinAgreement)?.Value ?? new SplitInferenceOptions().MinAgreement,
            Seed = stream.Seed,
        };
        if (ProcessorPin.IsPossible) await ProcessorPin.PinThisAsync(ProcessorOfClient, cancellationToken);
        else terminal.Complain("Client and server share processors here, so that neither has what it has alone.");
        await using var benchmark = new ServedStreamBenchmark(settings, TimeProvider.System);
        await benchmark.PrepareAsync(ProcessorPin.IsPossible ? ProcessorOfServer : null, cancellationToken);
        var roundTrip = TimeSpan.FromMilliseconds(parsed.GetValue(RoundTrip));
        foreach (var mbps in Given(parsed.GetValue(Links), [2, 4, 8, 16, 32, 100]))
            foreach (var quota in quotas)
                await PlayAsync(benchmark, new(mbps, roundTrip, quota / 100), lines, terminal, cancellationToken);
    }

    private static async Task PlayAsync(ServedStreamBenchmark benchmark, ServedStreamWorld world, JsonLines? lines, Terminal terminal, CancellationToken cancellationToken)
    {
        var rows = new List<ServedStreamRow>();
        await terminal.TrackAsync(world.Name, ServedStreamBenchmark.Contenders, async step =>
        {
            await foreach (var row in benchmark.PlayAsync(world, step, cancellationToken))
            {
                lines?.Write(row, LineContext.Default.ServedStreamRow);
                rows.Add(row);
            }
        });
        if (lines is not null) return;
        terminal.Output.WriteLine($"{world.Name}");
        terminal.Output.WriteLine("contender                  frames      fps   later   p50 ms   p95 ms  of the bound  most frames");
        foreach (var row in rows.OrderByDescending(static row => row.Fps))
            terminal.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{row.Contender,-26} {row.Frames,6} {row.Fps,8:0.00} {row.LaterFps,7:0.00} {row.P50Ms,8:0.0} {row.P95Ms,8:0.0} {row.BoundRatio * 100,11:0} %  {row.Route} ({row.RouteShare * 100:0} %)"));
        terminal.Output.WriteLine();
    }

    // A default would be printed as the type of a list, so that it stands in the description.
    private static double[] Given(double[]? values, double[] usual) => values is { Length: > 0 } ? values : usual;
}

/// <summary>A stream of a benchmark.</summary>
/// <param name="Frames">Frames of each contender and world.</param>
/// <param name="MaxLatency">How long a frame may take; null for no limit.</param>
/// <param name="Seed">Seed of policies.</param>
internal sealed record ServedStream(int Frames, TimeSpan? MaxLatency, int Seed);
