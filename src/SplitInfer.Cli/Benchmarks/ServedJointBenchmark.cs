using System.Runtime.CompilerServices;
using SplitInfer.Client;
using SplitInfer.Emulation;
using SplitInfer.Exits;
using SplitInfer.Partitioning;
using SplitInfer.Policies;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>
/// Has a client choose variant, cut, codec, exit and server together, which it learns as requests run, beside clients that turn one of these knobs alone, each with one setting for all requests. Two server processes hold all
/// variants; their links are emulated, and the device is slowed down. All take turns, request by request.
/// </summary>
/// <param name="settings">What is measured.</param>
/// <param name="time">The clock.</param>
internal sealed class ServedJointBenchmark(ServedJointBenchmarkSettings settings, TimeProvider time) : IAsyncDisposable
{
    private const int Servers = 2, ScoutedRounds = 5;

    // Of each knob so many settings are played, those that took least in the first rounds.
    private const int PlayedOfKnob = 2;

    private readonly List<IAsyncDisposable> _owned = [];
    private readonly List<(ServedJointSetting Setting, SplitInferenceClient Client)> _fixed = [];
    private readonly List<RelayedLink> _links = [], _linksOfJoint = [];
    private readonly EmulatedDevice _device = new(settings.Slowdown, time);
    private int[] _classes = [];

    /// <summary>The settings of single knobs.</summary>
    public IReadOnlyList<ServedJointSetting> Settings { get; } = [.. ServedJointSettings.Of(settings.Variants, settings.MainExits, Servers, settings.Calibration, 1 - settings.Budget)];

    /// <summary>Starts the servers, and makes a client for each setting of a single knob.</summary>
    /// <param name="onStep">Called as each client is there.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task PrepareAsync(Action onStep, CancellationToken cancellationToken)
    {
        _classes = ClassesOf(settings.Variants[0].Model);
        for (var server = 0; server < Servers; server++)
        {
            var process = await BenchmarkServer.StartAsync([settings.Family], slowdown: 1, cancellationToken).ConfigureAwait(false);
            _owned.Add(process);
            foreach (var links in (List<RelayedLink>[])[_links, _linksOfJoint])
            {
                links.Add(new(process.Address, new(LinkConditions.Unlimited, time)));
                _owned.Add(links[^1]);
            }
        }

        foreach (var setting in Settings)
        {
            var options = Options();
            setting.Apply(options, [.. _links.Select(static link => link.Address)], settings.MainExitsPath);
            _fixed.Add((setting, await SplitInferenceClient.CreateAsync(options, setting.Model, cancellationToken).ConfigureAwait(false)));
            onStep();
        }
    }

    /// <summary>Plays one world with a client that knows nothing of it.</summary>
    /// <param name="world">The world.</param>
    /// <param name="onRequest">Called as all have made one more request.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async IAsyncEnumerable<ServedJointRow> PlayAsync(ServedJointWorld world, Action onRequest, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var server = 0; server < Servers; server++) _links[server].Link.Conditions = _linksOfJoint[server].Link.Conditions = world.Links[server];
        var random = new Random(settings.Seed);
        var playing = await ScoutAsync(random, cancellationToken).ConfigureAwait(false);
        var options = Options();
        (options.Family, options.Exits, options.Calibration, options.MinAgreement, options.Objective) = (settings.Family, settings.Exits, settings.Calibration, 1 - settings.Budget, Objective.LeastTime);
        foreach (var link in _linksOfJoint) options.Servers.Add(new() { Address = link.Address, Name = $"server {_linksOfJoint.IndexOf(link) + 1}" });
        await using var joint = await SplitInferenceClient.CreateAsync(options, cancellationToken).ConfigureAwait(false);
        playing.Add(new("joint", [], joint));
        for (var request = 0; request < settings.Requests; request++)
        {
            var sample = random.Next(settings.Samples.Count);
            // Whoever is first is another one each time.
            for (var i = 0; i < playing.Count; i++) await InferAsync(playing[(request + i) % playing.Count], sample, cancellationToken).ConfigureAwait(false);
            onRequest();
        }

        foreach (var tally in playing) yield return tally.Row(world.Name, settings.Classes is not null);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var (_, client) in _fixed) await client.DisposeAsync().ConfigureAwait(false);
        // Links before the servers behind them.
        foreach (var owned in Enumerable.Reverse(_owned)) await owned.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Tries all settings, and leaves those that may be the best of a knob.</summary>
    private async Task<List<ServedJointTally>> ScoutAsync(Random random, CancellationToken cancellationToken)
    {
        var all = _fixed.Select(static one => new ServedJointTally(one.Setting.Name, one.Setting.Knobs, one.Client)).ToArray();
        for (var round = 0; round < ScoutedRounds; round++)
        {
            var sample = random.Next(settings.Samples.Count);
            foreach (var tally in all) await InferAsync(tally, sample, cancellationToken).ConfigureAwait(false);
        }

        return [.. ServedJointSettings.Knobs.SelectMany(knob => all.Where(tally => tally.Knobs.Contains(knob)).OrderBy(static tally => tally.MedianMs).Take(PlayedOfKnob)).Distinct().Select(static tally => new ServedJointTally(tally.Name, tally.Knobs, tally.Client))];
    }

    private async Task InferAsync(ServedJointTally tally, int sample, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        using var result = await tally.Client.InferAsync(settings.Samples[sample], new() { MinAccuracy = settings.MinAccuracy }, cancellationToken).ConfigureAwait(false);
        var answer = result.Outputs[0].TopK(1)[0].Index;
        tally.Add(time.GetElapsedTime(began).TotalMilliseconds, answer == _classes[sample], answer == settings.Classes?[sample], tally.Knobs.Count == 0 ? WordsOf(result) : tally.Name);
    }

    private static string WordsOf(InferenceResult result)
    {
        var model = result.Variant is null ? "" : $"{result.Variant}, ";
        var exit = result.Decision.Arm.Exit > 0 ? $"exit at {result.Partition.Index}, " : "";
        return result.Decision.Arm.IsOnDevice ? $"{model}{exit}the device" : $"{model}{exit}{(result.Partition.Head.Nodes == 0 ? "" : $"cut {result.Partition.Index}, ")}{result.Codec}, server {result.Decision.Arm.Server + 1}";
    }

    private SplitInferenceOptions Options() => new()
    {
        PreloadArms = true,
        Seed = settings.Seed,
        Execution = { IntraOpThreads = 1, WrapRunner = _device.Wrap },
    };

    private int[] ClassesOf(PartitionedModel model)
    {
        using var whole = Segments.LoadedCut.Load(model, model.Plan.AllOnServer.Index, new() { IntraOpThreads = 1 });
        return [.. settings.Samples.Select(inputs =>
        {
            var outputs = whole.Run(inputs);
            var best = outputs[0].TopK(1)[0].Index;
            foreach (var output in outputs) output.Dispose();
            return best;
        })];
    }
}

/// <summary>What <see cref="ServedJointBenchmark"/> measures.</summary>
internal sealed record ServedJointBenchmarkSettings
{
    /// <summary>The file of the family.</summary>
    public required string Family { get; init; }

    /// <summary>The variants that lose no more than the budget, the main one first.</summary>
    public required IReadOnlyList<JointVariant> Variants { get; init; }

    /// <summary>The least expected accuracy of an arm, in terms of the family.</summary>
    public required double MinAccuracy { get; init; }

    /// <summary>The loss that is acceptable.</summary>
    public required double Budget { get; init; }

    /// <summary>The folder of the exits of all variants.</summary>
    public required string Exits { get; init; }

    /// <summary>Exits of the main variant; null where it has none that lose no more than the budget.</summary>
    public required ModelExits? MainExits { get; init; }

    /// <summary>Their file.</summary>
    public required string? MainExitsPath { get; init; }

    /// <summary>What codecs lose, file or folder; null where only those that lose nothing are used.</summary>
    public required string? Calibration { get; init; }

    /// <summary>Samples of the inputs.</summary>
    public required IReadOnlyList<TensorValue[]> Samples { get; init; }

    /// <summary>The right class of each; null where nothing tells.</summary>
    public required IReadOnlyList<int>? Classes { get; init; }

    /// <summary>How many times as long the device takes.</summary>
    public required double Slowdown { get; init; }

    /// <summary>Requests of each contender and world.</summary>
    public required int Requests { get; init; }

    /// <summary>Seed of the samples.</summary>
    public required int Seed { get; init; }
}
