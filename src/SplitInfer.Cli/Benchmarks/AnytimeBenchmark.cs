using SplitInfer.Client;
using SplitInfer.Emulation;
using SplitInfer.Exits;
using SplitInfer.Partitioning;
using SplitInfer.Policies;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>
/// Has clients with exits, a copy of the model on a slow device, and a deadline infer over links that fail, with server processes that are paused and killed. One races as it does by default, one
/// with <see cref="SplitInferenceOptions.MaxExtraWork"/> 0, so that the device never goes on beside a server; they take turns, request by request, and meet the same.
/// </summary>
/// <param name="settings">What is measured.</param>
/// <param name="time">The clock.</param>
internal sealed class AnytimeBenchmark(AnytimeSettings settings, TimeProvider time)
{
    private const int Uncounted = 30;

    private static readonly (string Name, double? MaxExtraWork)[] Contenders = [("Race", null), ("NoExtraWork", 0)];

    private readonly EmulatedDevice _device = new(settings.Slowdown, time);
    private AnytimeAnswers? _answers;
    private AnytimeProfile? _profile;

    /// <summary>How many steps <see cref="PrepareAsync"/> takes.</summary>
    public int Steps => settings.Exits.Exits.Length + 2;

    /// <summary>How many requests there are of each deadline.</summary>
    public int Requests => Contenders.Length * settings.Requests;

    /// <summary>Why a request had no answer, but for its deadline; null where none had.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Computes all answers, and measures device and server.</summary>
    public async Task<AnytimeDeviceRow> PrepareAsync(Action onStep, CancellationToken cancellationToken)
    {
        _answers = await Task.Run(() => AnytimeAnswers.Compute(settings.Model, settings.Exits, settings.Samples, settings.Classes, onStep, cancellationToken), cancellationToken).ConfigureAwait(false);
        await using var server = await BenchmarkServer.StartAsync([settings.Path], slowdown: 1, cancellationToken).ConfigureAwait(false);
        var options = new SplitInferenceOptions { Server = server.Address, Policy = PolicyNames.AllOnServer, Execution = { IntraOpThreads = 1, WrapRunner = _device.Wrap } };
        await using (var client = await SplitInferenceClient.CreateAsync(options, settings.Model, cancellationToken).ConfigureAwait(false))
            _profile = await AnytimeProfile.MeasureAsync(client, _device, settings.Slowdown, settings.Model, settings.Exits, settings.Samples, cancellationToken).ConfigureAwait(false);
        onStep();
        return new(1e3 * _profile.WholeSeconds, AccuracyOf(0), [.. _profile.ExitSeconds.Select(static seconds => 1e3 * seconds)], [.. Enumerable.Range(1, settings.Exits.Exits.Length).Select(AccuracyOf)]);

        double AccuracyOf(int exit) => (double)Enumerable.Range(0, settings.Samples.Count).Count(sample => _answers.IsRight(sample, exit)) / settings.Samples.Count;
    }

    /// <summary>Runs the requests of one deadline.</summary>
    /// <param name="deadline">The deadline.</param>
    /// <param name="onRequest">Called as each request ends.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<IReadOnlyList<AnytimeRow>> RunAsync(TimeSpan deadline, Action onRequest, CancellationToken cancellationToken)
    {
        var playing = new List<(string Name, AnytimeWorld World, AnytimeTally Tally)>();
        try
        {
            foreach (var (name, maxExtraWork) in Contenders)
                playing.Add((name, await AnytimeWorld.StartAsync(settings, maxExtraWork, _device, _profile!, _answers!, time, cancellationToken).ConfigureAwait(false), new()));
            for (var i = 0; i < Uncounted; i++)
                foreach (var (_, world, _) in playing) await world.PlayAsync(new(i % settings.Samples.Count, AnytimeFault.Fast, Begins: false, Cuts: false, At: 0), deadline, cancellationToken).ConfigureAwait(false);
            foreach (var slot in AnytimeSlot.Draw(settings.Requests, settings.Samples.Count, settings.Stretch, settings.Seed))
            {
                // Whoever comes first to a slot is second at the next one.
                foreach (var (_, world, tally) in playing)
                {
                    await world.PrepareAsync(slot, cancellationToken).ConfigureAwait(false);
                    var cpu = Environment.CpuUsage.TotalTime;
                    var outcome = await world.PlayAsync(slot, deadline, cancellationToken).ConfigureAwait(false);
                    tally.Add(outcome, Environment.CpuUsage.TotalTime - cpu);
                    onRequest();
                }

                playing.Reverse();
            }

            Failure ??= playing.Select(static one => one.World.Failure).FirstOrDefault(static failure => failure is not null);
            return [.. playing.OrderBy(static one => Array.FindIndex(Contenders, contender => contender.Name == one.Name)).Select(one => one.Tally.Row(one.Name, deadline))];
        }
        finally
        {
            foreach (var (_, world, _) in playing) await world.DisposeAsync().ConfigureAwait(false);
        }
    }
}

/// <summary>What <see cref="AnytimeBenchmark"/> measures.</summary>
internal sealed record AnytimeSettings
{
    /// <summary>The model file.</summary>
    public required string Path { get; init; }

    /// <summary>The model, planned.</summary>
    public required PartitionedModel Model { get; init; }

    /// <summary>The file of its exits.</summary>
    public required string ExitsPath { get; init; }

    /// <summary>Its exits.</summary>
    public required ModelExits Exits { get; init; }

    /// <summary>Samples of its inputs.</summary>
    public required IReadOnlyList<TensorValue[]> Samples { get; init; }

    /// <summary>The right class of each; null for what the model answers.</summary>
    public required IReadOnlyList<int>? Classes { get; init; }

    /// <summary>How many times as long the device takes.</summary>
    public required double Slowdown { get; init; }

    /// <summary>Requests of each contender and deadline.</summary>
    public required int Requests { get; init; }

    /// <summary>How many requests a fault lasts in the mean.</summary>
    public required int Stretch { get; init; }

    /// <summary>Seed of samples and faults.</summary>
    public required int Seed { get; init; }
}
