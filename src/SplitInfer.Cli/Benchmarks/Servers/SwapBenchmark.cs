using System.Collections.Concurrent;
using SplitInfer.Client.Transport;
using SplitInfer.Partitioning;
using SplitInfer.Protocol;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Benchmarks.Servers;

/// <summary>
/// Puts one version of a model after the other into the directory of a server process that is loaded to a part of what it can do, and takes the former one away as soon as the new one is served. Requests come at
/// random times, whether those before have ended or not.
/// </summary>
/// <param name="path">The model file.</param>
/// <param name="model">The model, planned.</param>
/// <param name="settings">What is measured.</param>
/// <param name="time">The clock.</param>
internal sealed class SwapBenchmark(string path, PartitionedModel model, SwapSettings settings, TimeProvider time)
{
    private const int Seed = 1;

    private static readonly TimeSpan Measuring = TimeSpan.FromSeconds(3), Patience = TimeSpan.FromMinutes(2), Look = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentQueue<(long Began, long Ended)> _completed = [];
    private readonly ConcurrentQueue<string> _failed = [];
    private int _refused;

    /// <summary>Swaps as often as it is told to.</summary>
    /// <param name="onSwap">Called after each swap.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<SwapRow> RunAsync(Action onSwap, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("splitinfer-swap-").FullName;
        TensorValue[] inputs = [.. model.MakeInputs(Seed)];
        try
        {
            Publish(folder, 1);
            var web = new Uri($"http://127.0.0.1:{FreePort.Take()}");
            using var server = await BenchmarkServer.StartAsync(["--models", folder, "--http", web.OriginalString], slowdown: 1, cancellationToken).ConfigureAwait(false);
            await using var clients = new ServedContender(server.Address, new TransportOptions(), model, inputs, settings.Clients, comesBack: false);
            var (perSecond, soloMs) = await MeasureAsync(clients, cancellationToken).ConfigureAwait(false);
            var before = server.ResidentBytes;
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var load = LoadAsync(clients, settings.Load * perSecond, stop.Token);
            using var http = new HttpClient { BaseAddress = web };
            var longest = TimeSpan.Zero;
            for (var swap = 1; swap <= settings.Swaps; swap++)
            {
                var began = time.GetTimestamp();
                Publish(folder, swap + 1);
                await WaitUntilServedAsync(http, $"{swap + 1}", cancellationToken).ConfigureAwait(false);
                if (time.GetElapsedTime(began) is var took && took > longest) longest = took;
                Directory.Delete(Path.Combine(folder, "model", $"{swap}"), recursive: true);
                onSwap();
            }

            await Task.Delay(Measuring, time, cancellationToken).ConfigureAwait(false);
            await stop.CancelAsync().ConfigureAwait(false);
            await load.ConfigureAwait(false);
            return new(
                settings.Swaps, _completed.Count, _refused, _failed.Count, _failed.FirstOrDefault(), perSecond, Percentile.Of(soloMs, 0.99) ?? double.NaN, Percentile.Of(_completed.Select(one => time.GetElapsedTime(one.Began, one.Ended).TotalMilliseconds), 0.99) ?? double.NaN, LongestGapMs(),
                longest.TotalSeconds, (server.ResidentBytes - before) / (double)(1 << 20));
        }
        finally
        {
            foreach (var input in inputs) input.Dispose();
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Puts a version into the directory in one step.</summary>
    private void Publish(string folder, int version)
    {
        var (hidden, shown) = (Path.Combine(folder, "model", $".{version}"), Path.Combine(folder, "model", $"{version}"));
        Directory.CreateDirectory(hidden);
        File.Copy(path, Path.Combine(hidden, "model.onnx"));
        Directory.Move(hidden, shown);
    }

    private async Task WaitUntilServedAsync(HttpClient http, string version, CancellationToken cancellationToken)
    {
        for (var began = time.GetTimestamp(); time.GetElapsedTime(began) < Patience;)
        {
            using var answer = await http.GetAsync(new Uri($"/v2/models/model/versions/{version}", UriKind.Relative), cancellationToken).ConfigureAwait(false);
            if (answer.IsSuccessStatusCode) return;
            await Task.Delay(Look, time, cancellationToken).ConfigureAwait(false);
        }

        throw new IOException($"Version {version} was not served within {Patience.TotalSeconds:0} s. Give --threads 1 and fewer clients, or look whether other programs keep the machine busy.");
    }

    /// <summary>What the server can do in a second, and what single requests take, ms.</summary>
    private async Task<(double PerSecond, double[] SoloMs)> MeasureAsync(ServedContender clients, CancellationToken cancellationToken)
    {
        // The first requests load and compile.
        await ClosedLoop.RunAsync(clients, settings.Clients, Measuring, time, cancellationToken).ConfigureAwait(false);
        var all = await ClosedLoop.RunAsync(clients, settings.Clients, Measuring, time, cancellationToken).ConfigureAwait(false);
        return (all.Length / Measuring.TotalSeconds, await ClosedLoop.RunAsync(clients, 1, Measuring, time, cancellationToken).ConfigureAwait(false));
    }

    private async Task LoadAsync(ServedContender clients, double perSecond, CancellationToken stop)
    {
        var (running, start) = (new List<Task>(), time.GetTimestamp());
        try
        {
            foreach (var due in new Arrivals(ArrivalPattern.Poisson, perSecond, TimeSpan.FromDays(1), Seed).Times())
            {
                if (due - time.GetElapsedTime(start) is var wait && wait > TimeSpan.FromMilliseconds(1)) await Task.Delay(wait, time, stop).ConfigureAwait(false);
                var client = running.Count % settings.Clients;
                running.Add(Task.Run(() => InferAsync(clients, client), CancellationToken.None));
            }
        }
        catch (OperationCanceledException)
        {
            // It has been long enough.
        }

        await Task.WhenAll(running).ConfigureAwait(false);
    }

    private async Task InferAsync(ServedContender clients, int client)
    {
        var began = time.GetTimestamp();
        try
        {
            await clients.InferAsync(client, CancellationToken.None).ConfigureAwait(false);
            _completed.Enqueue((began, time.GetTimestamp()));
        }
        catch (TailRefusedException refused) when (refused.Code == RefusalCode.Busy)
        {
            Interlocked.Increment(ref _refused);
        }
        catch (Exception error) when (error is SplitInferException or IOException or TimeoutException)
        {
            _failed.Enqueue(error.Message);
        }
    }

    /// <summary>The longest time for which requests were there and none of them ended.</summary>
    private double LongestGapMs()
    {
        var (open, since, longest) = (0, 0L, TimeSpan.Zero);
        foreach (var (at, isEnd) in _completed.SelectMany(static one => ((long At, bool IsEnd)[])[(one.Began, false), (one.Ended, true)]).Order())
        {
            if (isEnd && time.GetElapsedTime(since, at) is var gap && gap > longest) longest = gap;
            if (isEnd || open == 0) since = at;
            open += isEnd ? -1 : 1;
        }

        return longest.TotalMilliseconds;
    }
}

/// <summary>What <see cref="SwapBenchmark"/> measures.</summary>
/// <param name="Swaps">How often a version takes the place of another one.</param>
/// <param name="Clients">Clients, with a connection each.</param>
/// <param name="Load">Requests that come, as a part of what the server can do.</param>
internal sealed record SwapSettings(int Swaps, int Clients, double Load);

/// <summary>What <c>bench swap</c> prints.</summary>
/// <param name="Swaps">Versions that took the place of another one.</param>
/// <param name="Requests">Requests that had a result meanwhile.</param>
/// <param name="Refused">Requests that the server refused because too many waited.</param>
/// <param name="Failed">Requests that had no result for another reason.</param>
/// <param name="FirstFailure">Why the first of them had none; null where all had one.</param>
/// <param name="SaturationPerSecond">Results a second with all clients, before.</param>
/// <param name="SoloP99Ms">99 of 100 single requests took no longer before, ms.</param>
/// <param name="P99Ms">99 of 100 requests took no longer meanwhile, ms.</param>
/// <param name="LongestGapMs">The longest time for which requests were there and none of them ended, ms.</param>
/// <param name="LongestSwapSeconds">The longest from when a version was there until it was served, s.</param>
/// <param name="GrowthMiB">By how much the server's memory grew, MiB.</param>
internal sealed record SwapRow(int Swaps, int Requests, int Refused, int Failed, string? FirstFailure, double SaturationPerSecond, double SoloP99Ms, double P99Ms, double LongestGapMs, double LongestSwapSeconds, double GrowthMiB);
