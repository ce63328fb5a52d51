using System.Globalization;
using System.Runtime.CompilerServices;
using SplitInfer.Client;
using SplitInfer.Client.Streams;
using SplitInfer.Emulation;
using SplitInfer.Partitioning;
using SplitInfer.Policies;
using SplitInfer.Policies.Streams;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>
/// Streams frames through a real server by several contenders, one after the other: one frame at a time, one partition for several frames in flight, and the planner. The device is slowed down, the link is emulated, and the
/// server's process has a processor of its own where that is possible.
/// </summary>
/// <param name="settings">What is measured.</param>
/// <param name="time">The clock.</param>
internal sealed class ServedStreamBenchmark(ServedStreamSettings settings, TimeProvider time) : IAsyncDisposable
{
    /// <summary>Contenders of each world.</summary>
    public const int Contenders = 7;

    private const string Planner = "planner", BestFixed = "best fixed cut, pipelined";

    private BenchmarkServer? _server;

    /// <summary>Starts the server.</summary>
    /// <param name="processor">The processor that it is tied to; null for none.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task PrepareAsync(int? processor, CancellationToken cancellationToken) =>
        _server = await BenchmarkServer.StartAsync([settings.Path], slowdown: 1, cancellationToken, processor).ConfigureAwait(false);

    /// <summary>Plays one world.</summary>
    /// <param name="world">The world.</param>
    /// <param name="onContender">Called as each contender is done.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async IAsyncEnumerable<ServedStreamRow> PlayAsync(ServedStreamWorld world, Action onContender, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (device, link) = (new EmulatedDevice(world.Slowdown, time), new EmulatedLink(new(world.Mbps, world.RoundTrip), time));
        // First, since the others are held against its bound.
        var planned = await StreamAsync(Options(device, link), new() { MaxLatency = settings.MaxLatency }, settings.Frames, settings.Longest, cancellationToken).ConfigureAwait(false);
        var rows = new List<ServedStreamRow> { planned.Row(world.Name, Planner, planned.Bound) };
        onContender();
        foreach (var policy in (string[])[PolicyNames.AllOnDevice, PolicyNames.AllOnServer, PolicyNames.Neurosurgeon, PolicyNames.MuLinUcb])
        {
            var options = Options(device, link);
            options.Policy = policy;
            Add(policy, await OneAtATimeAsync(options, cancellationToken).ConfigureAwait(false));
        }

        Add($"{PolicyNames.AllOnServer}, pipelined", await StreamAsync(Fixed(device, link, settings.Model.Plan.AllOnServer, codec: null), new(), settings.Frames, settings.Longest, cancellationToken).ConfigureAwait(false));
        var best = await FindBestAsync(device, link, cancellationToken).ConfigureAwait(false);
        Add(BestFixed, await StreamAsync(Fixed(device, link, best.Partition, best.Codec), new(), settings.Frames, settings.Longest, cancellationToken).ConfigureAwait(false));
        foreach (var row in rows) yield return row;

        void Add(string contender, ServedStreamTally tally)
        {
            rows.Add(tally.Row(world.Name, contender, planned.Bound));
            onContender();
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <summary>Tries all arms for a moment each, with several frames in flight.</summary>
    private async Task<ClientArm> FindBestAsync(EmulatedDevice device, EmulatedLink link, CancellationToken cancellationToken)
    {
        var (best, most) = (default(ClientArm), 0.0);
        foreach (var arm in ClientArm.List(settings.Model.Plan, Options(device, link)))
        {
            var tally = await StreamAsync(Fixed(device, link, arm.Partition, arm.Codec), new(), settings.ScoutedFrames, settings.Longest / 4, cancellationToken).ConfigureAwait(false);
            if (tally.Fps > most) (best, most) = (arm, tally.Fps);
        }

        return best!;
    }

    private async Task<ServedStreamTally> StreamAsync(SplitInferenceOptions options, StreamOptions stream, int count, TimeSpan longest, CancellationToken cancellationToken)
    {
        await using var client = await CreateAsync(options, cancellationToken).ConfigureAwait(false);
        var tally = new ServedStreamTally(time);
        await foreach (var result in client.InferStreamAsync(FramesAsync(count), stream, cancellationToken).ConfigureAwait(false))
        {
            using (result)
            {
                if (result.Failure is { } failure) throw new IOException($"A frame has failed: {failure.Message}", failure);
                if (result.Result is { } had) tally.Add(had, result.Latency.TotalMilliseconds, result.BoundFramesPerSecond);
                else if (result.Outcome == StreamFate.Dropped) tally.Drop();
            }

            if (tally.Elapsed >= longest) break;
        }

        return tally;
    }

    private async Task<ServedStreamTally> OneAtATimeAsync(SplitInferenceOptions options, CancellationToken cancellationToken)
    {
        await using var client = await CreateAsync(options, cancellationToken).ConfigureAwait(false);
        var tally = new ServedStreamTally(time);
        for (var frame = 0; frame < settings.Frames && tally.Elapsed < settings.Longest; frame++)
        {
            var began = time.GetTimestamp();
            using var result = await client.InferAsync(SampleOf(frame), cancellationToken: cancellationToken).ConfigureAwait(false);
            tally.Add(result, time.GetElapsedTime(began).TotalMilliseconds);
        }

        return tally;
    }

    /// <summary>A client that has reached the server, so that no contender waits for that.</summary>
    private async Task<SplitInferenceClient> CreateAsync(SplitInferenceOptions options, CancellationToken cancellationToken)
    {
        var client = await SplitInferenceClient.CreateAsync(options, settings.Model, cancellationToken).ConfigureAwait(false);
        try
        {
            using var first = await client.InferAsync(SampleOf(0), new() { Partition = options.Partition ?? settings.Model.Plan.AllOnServer.Index }, cancellationToken).ConfigureAwait(false);
            return client;
        }
        catch
        {
            await client.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>One partition, which alone is loaded.</summary>
    private SplitInferenceOptions Fixed(EmulatedDevice device, EmulatedLink link, Partition partition, string? codec)
    {
        var options = Options(device, link);
        (options.Partition, options.Codec, options.PreloadArms) = (partition.Index, codec, false);
        return options;
    }

    private SplitInferenceOptions Options(EmulatedDevice device, EmulatedLink link) => new()
    {
        Server = _server!.Address,
        PreloadArms = true,
        Seed = settings.Seed,
        Calibration = settings.Calibration,
        MinAgreement = settings.MinAgreement,
        Transport = { WrapStream = link.Wrap },
        Execution = { IntraOpThreads = 1, WrapRunner = device.Wrap },
        TimeProvider = time,
    };

    private TensorValue[] SampleOf(int frame) => settings.Samples[frame % settings.Samples.Count];

    private async IAsyncEnumerable<ReadOnlyMemory<TensorValue>> FramesAsync(int count)
    {
        await Task.CompletedTask;
        for (var frame = 0; frame < count; frame++) yield return SampleOf(frame);
    }
}

/// <summary>What <see cref="ServedStreamBenchmark"/> measures.</summary>
internal sealed record ServedStreamSettings
{
    /// <summary>The model's file.</summary>
    public required string Path { get; init; }

    /// <summary>The model.</summary>
    public required PartitionedModel Model { get; init; }

    /// <summary>Inputs, which frames take in turn.</summary>
    public required IReadOnlyList<TensorValue[]> Samples { get; init; }

    /// <summary>Frames of each contender and world.</summary>
    public required int Frames { get; init; }

    /// <summary>How long a contender plays at most.</summary>
    public required TimeSpan Longest { get; init; }

    /// <summary>Frames of each arm while the best is looked for.</summary>
    public required int ScoutedFrames { get; init; }

    /// <summary>How long a frame of the planner may take; null for no limit.</summary>
    public TimeSpan? MaxLatency { get; init; }

    /// <summary>What codecs lose; null where nothing tells.</summary>
    public string? Calibration { get; init; }

    /// <summary>How much of the results must stay the same, 0 to 1.</summary>
    public double MinAgreement { get; init; } = new SplitInferenceOptions().MinAgreement;

    /// <summary>Seed of policies.</summary>
    public int Seed { get; init; }
}

/// <summary>A link and a device.</summary>
/// <param name="Mbps">Bandwidth, Mbit/s.</param>
/// <param name="RoundTrip">Round trip.</param>
/// <param name="Quota">The part of this machine's processor that the device has, above 0 to 1.</param>
internal sealed record ServedStreamWorld(double Mbps, TimeSpan RoundTrip, double Quota)
{
    /// <summary>In words.</summary>
    public string Name => string.Create(CultureInfo.InvariantCulture, $"{Mbps:0.##} Mbit/s, device {Quota * 100:0.##} %");

    /// <summary>How many times as long as this machine the device takes.</summary>
    public double Slowdown => 1 / Quota;
}
