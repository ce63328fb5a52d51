using System.Runtime.CompilerServices;
using SplitInfer.Client;
using SplitInfer.Policies;
using SplitInfer.Protocol;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>
/// Loads real server processes with requests that have deadlines, one contender after the other at each load, over real clients. Requests come at times that are drawn
/// beforehand, whether those before have ended or not, and count from when they were to be made. Load 1 is what the server can run whole, as was measured at the beginning.
/// </summary>
/// <param name="settings">What is measured.</param>
/// <param name="time">The clock.</param>
internal sealed class ServedQualityBenchmark(ServedQualitySettings settings, TimeProvider time)
{
    private const int Connections = 4, Warming = 400;
    private const double WarmSeconds = 1, CapacitySeconds = 2;

    // Any exit may answer.
    private const double AnyQuality = 1e-6;

    /// <summary>Requests that a server can run whole, 1/s.</summary>
    public double Capacity { get; private set; }

    /// <summary>Plays all contenders.</summary>
    /// <param name="loads">The loads.</param>
    /// <param name="onStep">Called as each contender has been loaded once.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async IAsyncEnumerable<ServedQualityRow> RunAsync(IReadOnlyList<double> loads, Action onStep, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var contenders = new List<Contender>();
        try
        {
            foreach (var serving in QualityServing.All(settings.Exits)) contenders.Add(await ConnectAsync(serving, cancellationToken).ConfigureAwait(false));
            Capacity = await MeasureAsync(contenders.First(static one => one.Serving.Exits is null), cancellationToken).ConfigureAwait(false);
            foreach (var load in loads)
            {
                foreach (var contender in contenders)
                {
                    yield return await PlayAsync(contender, load, cancellationToken).ConfigureAwait(false);
                    onStep();
                }
            }
        }
        finally
        {
            foreach (var contender in contenders) await contender.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task<Contender> ConnectAsync(QualityServing serving, CancellationToken cancellationToken)
    {
        var contender = new Contender(serving, await QualityServer.StartAsync(settings.Path, serving, settings.Slowdown, cancellationToken).ConfigureAwait(false));
        try
        {
            for (var i = 0; i < Connections; i++)
            {
                var options = new SplitInferenceOptions { Server = contender.Server.Address, Policy = PolicyNames.AllOnServer, OnServerFailure = OnServerFailure.Throw, Execution = { IntraOpThreads = 1 } };
                contender.Clients.Add(await SplitInferenceClient.CreateAsync(options, settings.Model, cancellationToken).ConfigureAwait(false));
            }

            for (var i = 0; i < Warming; i++)
                (await contender.Clients[i % Connections].InferAsync(settings.Samples[i % settings.Samples.Count], Request(serving, deadline: null, user: 0), cancellationToken).ConfigureAwait(false)).Dispose();
            return contender;
        }
        catch
        {
            await contender.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Two requests at a time, so that the server always has the next one.</summary>
    private async Task<double> MeasureAsync(Contender contender, CancellationToken cancellationToken)
    {
        var (began, count) = (time.GetTimestamp(), 0);
        await Task.WhenAll(contender.Clients.Take(2).Select(async client =>
        {
            while (time.GetElapsedTime(began).TotalSeconds < CapacitySeconds)
            {
                (await client.InferAsync(settings.Samples[0], new() { Partition = 0 }, cancellationToken).ConfigureAwait(false)).Dispose();
                Interlocked.Increment(ref count);
            }
        })).ConfigureAwait(false);
        return count / time.GetElapsedTime(began).TotalSeconds;
    }

    private async Task<ServedQualityRow> PlayAsync(Contender contender, double load, CancellationToken cancellationToken)
    {
        // The same requests for all contenders.
        var (random, tally, running, start, at) = (new Random(settings.Seed), new ServedQualityTally(settings.Users), new List<Task>(), time.GetTimestamp(), 0.0);
        while (true)
        {
            at += -Math.Log(1 - random.NextDouble()) / (load * Capacity * RateAt(at));
            if (at >= WarmSeconds + settings.Seconds) break;
            var (user, sample, deadline) = (random.Next(settings.Users), random.Next(settings.Samples.Count), settings.Deadlines[random.Next(settings.Deadlines.Count)]);
            var due = TimeSpan.FromSeconds(at);
            if (due - time.GetElapsedTime(start) is var wait && wait > TimeSpan.FromMilliseconds(1)) await Task.Delay(wait, time, cancellationToken).ConfigureAwait(false);
            var (client, counted) = (contender.Clients[user % Connections], at >= WarmSeconds ? tally : null);
            running.Add(Task.Run(() => SendAsync(client, contender.Serving, user, sample, deadline, start, due, counted, cancellationToken), cancellationToken));
        }

        await Task.WhenAll(running).ConfigureAwait(false);
        return tally.Row(load, contender.Serving.Name);
    }

    // For half a second in two and a half four times as many as between them.
    private double RateAt(double at) => !settings.IsBursty ? 1 : at % 2.5 < 0.5 ? 2.5 : 0.625;

    private async Task SendAsync(SplitInferenceClient client, QualityServing serving, int user, int sample, TimeSpan deadline, long start, TimeSpan due, ServedQualityTally? tally, CancellationToken cancellationToken)
    {
        var left = deadline - (time.GetElapsedTime(start) - due);
        tally?.AddMade((deadline - left).TotalMilliseconds);
        var (isInTime, isRight, exit) = (false, false, 0);
        try
        {
            if (left > TimeSpan.Zero)
            {
                using var result = await client.InferAsync(settings.Samples[sample], Request(serving, left, user), cancellationToken).ConfigureAwait(false);
                // What the device ran is no answer of the server's.
                (isInTime, isRight, exit) = (result.Source != InferenceSource.Device && time.GetElapsedTime(start) - due <= deadline, SplitInfer.Tensors.Classification.TopK(result.Outputs[0], 1)[0].Index == settings.Classes[sample], result.Exit);
            }
        }
        catch (Exception error) when (error is SplitInferException or TimeoutException or IOException)
        {
            if ((error as TailRefusedException ?? error.InnerException as TailRefusedException) is not null) tally?.AddRefused();
        }

        tally?.Add(user, isInTime, isRight, exit);
    }

    private static InferenceRequest Request(QualityServing serving, TimeSpan? deadline, int user) => new()
    {
        Partition = 0, Deadline = serving.SendsDeadline ? deadline : null, MinQuality = serving.Exits is null ? null : AnyQuality, User = $"user-{user}",
    };

    private sealed record Contender(QualityServing Serving, QualityServer Server) : IAsyncDisposable
    {
        public List<SplitInferenceClient> Clients { get; } = [];

        public async ValueTask DisposeAsync()
        {
            foreach (var client in Clients) await client.DisposeAsync().ConfigureAwait(false);
            Server.Dispose();
        }
    }
}

/// <summary>Counts the requests of one contender at one load. Thread-safe.</summary>
internal sealed class ServedQualityTally(int users)
{
    private const int FewRequests = 20;

    private readonly Lock _gate = new();
    private readonly int[] _requests = new int[users], _right = new int[users];
    private readonly List<double> _made = [];
    private int _inTime, _byExit, _refused;

    /// <summary>A request was made, so many ms later than it was to be.</summary>
    public void AddMade(double lateMs)
    {
        lock (_gate) _made.Add(lateMs);
    }

    /// <summary>A request was refused by the server.</summary>
    public void AddRefused()
    {
        lock (_gate) _refused++;
    }

    /// <summary>A request has ended.</summary>
    public void Add(int user, bool isInTime, bool isRight, int exit)
    {
        lock (_gate)
        {
            _requests[user]++;
            if (!isInTime) return;
            _inTime++;
            if (isRight) _right[user]++;
            if (exit > 0) _byExit++;
        }
    }

    /// <summary>What was counted.</summary>
    public ServedQualityRow Row(double load, string contender)
    {
        lock (_gate)
        {
            var requests = Math.Max(1, _requests.Sum());
            double[] accuracies = [.. Enumerable.Range(0, users).Where(user => _requests[user] >= FewRequests).Select(user => (double)_right[user] / _requests[user])];
            _made.Sort();
            return new(
                load, contender, _requests.Sum(), 1 - ((double)_inTime / requests), (double)_refused / requests, (double)_right.Sum() / requests, accuracies.Length < 2 || accuracies.Average() <= 0 ? null : accuracies.Min() / accuracies.Average(),
                _inTime == 0 ? 0 : (double)_byExit / _inTime, _made.Count == 0 ? 0 : _made[(int)(0.99 * (_made.Count - 1))]);
        }
    }
}
