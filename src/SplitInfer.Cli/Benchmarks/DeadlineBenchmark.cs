using System.Runtime.CompilerServices;
using SplitInfer.Cli.Inputs;
using SplitInfer.Client;
using SplitInfer.Client.Transport;
using SplitInfer.Emulation;
using SplitInfer.Policies;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>
/// Has clients infer by a deadline, with a server in another process, over a link whose ways out and back are drawn anew for each request, and a device
/// that is slowed down. Policies take turns, request by request, so that whatever else the machine does meets all alike; each learns by itself.
/// </summary>
/// <param name="settings">What is measured.</param>
/// <param name="time">The clock.</param>
internal sealed class DeadlineBenchmark(DeadlineSettings settings, TimeProvider time)
{
    private const int Runs = 9, Uncounted = 20;

    /// <summary>How long after its deadline an answer is late: what timers may add.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(5);

    private readonly EmulatedDevice _device = new(settings.Slowdown, time);

    /// <summary>What each variant takes on the device alone.</summary>
    /// <param name="warn">Told of variants that are left out.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="UsageException">They do not take the inputs.</exception>
    public async IAsyncEnumerable<DeviceVariantRow> MeasureDeviceAsync(Action<string> warn, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        IReadOnlyList<Families.FamilyVariant> variants;
        await using (var all = await SplitInferenceClient.CreateAsync(Options(PolicyNames.AllOnDevice, link: null), cancellationToken).ConfigureAwait(false))
        {
            foreach (var warning in all.Warnings) warn(warning);
            var made = settings.MakeInputs();
            FamilyArgument.RequireInputs(all, made);
            foreach (var input in made) input.Dispose();
            variants = all.Variants;
        }

        foreach (var variant in variants)
        {
            var options = Options(PolicyNames.AllOnDevice, link: null);
            options.Variants = new HashSet<string>(StringComparer.Ordinal) { variant.Name };
            await using var client = await SplitInferenceClient.CreateAsync(options, cancellationToken).ConfigureAwait(false);
            var (inputs, times, accuracy) = (settings.MakeInputs(), new double[Runs], 0.0);
            for (var run = 0; run < Runs; run++)
            {
                using var result = await client.InferAsync(inputs, cancellationToken: cancellationToken).ConfigureAwait(false);
                (times[run], accuracy) = (result.Timings.Total.TotalMilliseconds, result.Accuracy!.Value);
            }

            foreach (var input in inputs) input.Dispose();
            yield return new(variant.Name, accuracy, times.Order().ElementAt(Runs / 2));
        }
    }

    /// <summary>Why the server could not be used when requests had ended; null where it could.</summary>
    public Exception? ServerFailure { get; private set; }

    /// <summary>Runs the requests of one deadline.</summary>
    /// <param name="deadline">The deadline.</param>
    /// <param name="device">What the device takes.</param>
    /// <param name="onRequest">Called as each request ends.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<IReadOnlyList<DeadlineRow>> RunAsync(TimeSpan deadline, IReadOnlyList<DeviceVariantRow> device, Action onRequest, CancellationToken cancellationToken)
    {
        var fitting = device.Where(variant => variant.DeviceMs * RaceModel.Overhead < deadline.TotalMilliseconds).MaxBy(static variant => variant.Accuracy);
        var tallies = settings.Policies.ToDictionary(static policy => policy, _ => new Tally(fitting?.Accuracy ?? 0), StringComparer.Ordinal);
        await Task.WhenAll(Enumerable.Range(0, settings.Clients).Select(lane => RunLaneAsync(lane, deadline, tallies, onRequest, cancellationToken))).ConfigureAwait(false);
        return [.. settings.Policies.Select(policy => tallies[policy].Row(policy, deadline, fitting))];
    }

    private async Task RunLaneAsync(int lane, TimeSpan deadline, Dictionary<string, Tally> tallies, Action onRequest, CancellationToken cancellationToken)
    {
        var (random, request) = (new Random(settings.Seed + lane), new InferenceRequest { Deadline = deadline });
        var (inputs, contenders) = (settings.MakeInputs(), new List<(string Policy, EmulatedLink Link, SplitInferenceClient Client)>());
        try
        {
            foreach (var policy in settings.Policies)
            {
                var link = new EmulatedLink(new(double.PositiveInfinity, TimeSpan.FromMilliseconds(2 * settings.OneWayMeanMs)), time);
                contenders.Add((policy, link, await SplitInferenceClient.CreateAsync(Options(policy, link), cancellationToken).ConfigureAwait(false)));
            }

            var own = (settings.Requests / settings.Clients) + (lane < settings.Requests % settings.Clients ? 1 : 0);
            for (var number = -Uncounted; number < own; number++)
            {
                var way = TimeSpan.FromMilliseconds(DrawWay(random) + DrawWay(random));
                foreach (var (policy, link, client) in contenders)
                {
                    link.Conditions = link.Conditions with { RoundTrip = way };
                    await InferAsync(client, inputs, request, deadline, number < 0 ? null : tallies[policy], cancellationToken).ConfigureAwait(false);
                    if (number >= 0) onRequest();
                }
            }

            ServerFailure = contenders.Select(static one => one.Client.ServerFailure).FirstOrDefault(static failure => failure is not null) ?? ServerFailure;
        }
        finally
        {
            foreach (var (_, _, client) in contenders) await client.DisposeAsync().ConfigureAwait(false);
            foreach (var input in inputs) input.Dispose();
        }
    }

    private async Task InferAsync(SplitInferenceClient client, TensorValue[] inputs, InferenceRequest request, TimeSpan deadline, Tally? tally, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        try
        {
            using var result = await client.InferAsync(inputs, request, cancellationToken).ConfigureAwait(false);
            tally?.Add(result, time.GetElapsedTime(began) - deadline);
        }
        catch (RequestTimeoutException)
        {
            tally?.AddMissed();
        }
    }

    private SplitInferenceOptions Options(string policy, EmulatedLink? link)
    {
        var options = new SplitInferenceOptions
        {
            Family = settings.Family,
            Server = link is null ? null : settings.Server,
            Transport = settings.Transport(),
            Policy = policy,
            Objective = Objective.MostAccurateBy,
            PreloadArms = true,
            Execution = { IntraOpThreads = 1 },
        };
        if (settings.Slowdown > 1) options.EmulateDevice(_device);
        if (link is not null) options.EmulateLink(link);
        return options;
    }

    // A normal law, of which what is below 0 counts as 0: that of the published simulation.
    private double DrawWay(Random random) =>
        Math.Max(0, settings.OneWayMeanMs + (settings.OneWayDeviationMs * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())));

    /// <summary>Counts the requests of one policy. Thread-safe.</summary>
    private sealed class Tally(double deviceAccuracy)
    {
        private readonly Lock _gate = new();
        private double _accuracy;
        private double _latest = double.NegativeInfinity;
        private int _answered, _missed, _late, _byServer, _duplicates, _asGood;

        public void Add(InferenceResult result, TimeSpan after)
        {
            lock (_gate)
            {
                _answered++;
                _latest = Math.Max(_latest, after.TotalMilliseconds);
                if (after > Grace) _late++;
                if (result.Source != InferenceSource.Device) _byServer++;
                if (result.IsRaced) _duplicates++;
                _accuracy += result.Accuracy!.Value;
                if (result.Accuracy >= deviceAccuracy) _asGood++;
            }
        }

        public void AddMissed()
        {
            lock (_gate) _missed++;
        }

        public DeadlineRow Row(string policy, TimeSpan deadline, DeviceVariantRow? device)
        {
            var requests = _answered + _missed;
            return new(policy, deadline.TotalMilliseconds, requests, _late, _answered > 0 ? _latest : null, _missed, (double)_byServer / requests, (double)_duplicates / requests, _accuracy / requests, device?.Variant, deviceAccuracy, (double)_asGood / requests);
        }
    }
}

/// <summary>What <see cref="DeadlineBenchmark"/> measures.</summary>
internal sealed record DeadlineSettings
{
    /// <summary>The file of the family.</summary>
    public required string Family { get; init; }

    /// <summary>The server, a process of its own that holds its variants.</summary>
    public required Uri Server { get; init; }

    /// <summary>Makes what says how it is reached, for each client.</summary>
    public required Func<TransportOptions> Transport { get; init; }

    /// <summary>Makes inputs, which the caller owns.</summary>
    public required Func<TensorValue[]> MakeInputs { get; init; }

    /// <summary>The policies that take turns.</summary>
    public required IReadOnlyList<string> Policies { get; init; }

    /// <summary>Mean of the way in one direction, ms.</summary>
    public required double OneWayMeanMs { get; init; }

    /// <summary>Standard deviation of the way in one direction, ms.</summary>
    public required double OneWayDeviationMs { get; init; }

    /// <summary>How many times as long the device takes.</summary>
    public required double Slowdown { get; init; }

    /// <summary>Requests of each policy and deadline.</summary>
    public required int Requests { get; init; }

    /// <summary>Clients that share them, each with a link of its own and one request at a time.</summary>
    public required int Clients { get; init; }

    /// <summary>Seed of the ways.</summary>
    public required int Seed { get; init; }
}
