using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using SplitInfer.Client;
using SplitInfer.Dashboard.Tests.Browser;
using SplitInfer.Partitioning;
using SplitInfer.Policies;
using SplitInfer.Protocol;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using Xunit.Abstractions;

namespace SplitInfer.Dashboard.Tests;

/// <summary>What the dashboard costs a server of 50 clients at 30 frames a second, and how smooth the page stays: the figures of docs/dashboard.md. A time is told, never judged.</summary>
/// <param name="output">Where they are told.</param>
public class Figures(ITestOutputHelper output)
{
    private const int Clients = 50;
    private const double FramesPerSecond = 30;

    private static readonly string[] Setups = ["no HTTP", "dashboard, no page", "dashboard, one page"];

    // Intervals between frames, and how long scripts kept the page from anything else.
    private const string WatchFrames = """
        async seconds => {
            const frames = [], tasks = [];
            new PerformanceObserver(list => { for (const entry of list.getEntries()) tasks.push(entry.duration); }).observe({ type: 'longtask' });
            const end = performance.now() + 1000 * seconds;
            for (let last = performance.now(); last < end;) {
                const now = await new Promise(requestAnimationFrame);
                frames.push(now - last);
                last = now;
            }
            frames.sort((a, b) => a - b);
            const at = part => frames[Math.min(frames.length - 1, Math.floor(part * frames.length))];
            return `frames: ${frames.length}, p50 ${at(.5).toFixed(1)} ms, p95 ${at(.95).toFixed(1)} ms, p99 ${at(.99).toFixed(1)} ms, longest ${at(1).toFixed(1)} ms; tasks over 50 ms: ${tasks.length}${tasks.length ? `, longest ${Math.max(...tasks).toFixed(0)} ms` : ''}`;
        }
        """;

    [FiguresFact]
    public async Task Tell()
    {
        var seconds = int.Parse(Environment.GetEnvironmentVariable(FiguresFactAttribute.Variable)!, CultureInfo.InvariantCulture);
        using var folder = new TestFolder();
        var path = folder["small.onnx"];
        var bytes = Small().ToBytes();
        await File.WriteAllBytesAsync(path, bytes);
        var model = PartitionedModel.Load(bytes);
        foreach (var setup in Setups)
        {
            using var server = Start(path, hasHttp: setup != Setups[0]);
            var addresses = new List<Uri>();
            for (var address = 0; address < (setup == Setups[0] ? 1 : 2); address++)
                addresses.Add(new(JsonDocument.Parse((await server.StandardOutput.ReadLineAsync())!).RootElement.GetProperty("connect").GetString()!));
            using var stop = new CancellationTokenSource();
            var clients = await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => ConnectAsync(model, addresses[0])));
            var work = clients.Select((client, number) => WorkAsync(client, model, TimeSpan.FromSeconds(number / (Clients * FramesPerSecond)), stop.Token)).ToArray();
            await Task.Delay(TimeSpan.FromSeconds(5));
            var page = setup == Setups[2] ? await BrowserUnderTest.StartAsync() : null;
            var shown = page is null ? null : await page.OpenAsync(addresses[1]);
            if (shown is not null) await shown.WaitForFunctionAsync("() => document.querySelectorAll('.rz-data-grid tbody tr').length > 10");
            server.Refresh();
            var (before, began) = (server.TotalProcessorTime, Stopwatch.GetTimestamp());
            var done = Volatile.Read(ref _done);
            var frames = shown is null ? "" : await shown.EvaluateAsync<string>(WatchFrames, seconds);
            if (shown is null) await Task.Delay(TimeSpan.FromSeconds(seconds));
            server.Refresh();
            var (taken, elapsed) = ((server.TotalProcessorTime - before).TotalSeconds, Stopwatch.GetElapsedTime(began).TotalSeconds);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{setup}: {(Volatile.Read(ref _done) - done) / elapsed:0} requests a second and {Volatile.Read(ref _refused)} refused, {100 * taken / elapsed:0.0} % of a core, {server.WorkingSet64 / 1e6:0} MB. {frames}"));
            await stop.CancelAsync();
            await Task.WhenAll(work);
            foreach (var client in clients) await client.DisposeAsync();
            if (page is not null) await page.DisposeAsync();
            server.Kill();
            await server.WaitForExitAsync();
        }
    }

    private static long _done, _refused;

    private static GraphBuilder Small()
    {
        var g = new GraphBuilder("small", 1);
        var x = g.Relu(g.Conv(g.Input("image", ElementType.Float32, 1, 3, 16, 16), 8, stride: 2));
        x = g.Relu(g.Conv(x, 8));
        g.Output(g.Gemm(g.Flatten(g.GlobalAveragePool(x)), 10), "scores");
        return g;
    }

    private static Process Start(string model, bool hasHttp)
    {
        var start = new ProcessStartInfo(Repository.PathOf("src/SplitInfer.Cli/bin/Release/net10.0/linux-x64/splitinfer"), ["serve", model, "--listen", "tcp://127.0.0.1:0", "--json", "--limit", "MaxConnectionsPerMachine=100", .. hasHttp ? ["--http", "http://127.0.0.1:0"] : Array.Empty<string>()])
        {
            RedirectStandardOutput = true,
        };
        return Process.Start(start)!;
    }

    private static Task<SplitInferenceClient> ConnectAsync(PartitionedModel model, Uri server) =>
        SplitInferenceClient.CreateAsync(new() { Server = server, Policy = PolicyNames.AllOnServer, OnServerFailure = OnServerFailure.Throw }, model).AsTask();

    private static async Task WorkAsync(SplitInferenceClient client, PartitionedModel model, TimeSpan wait, CancellationToken stop)
    {
        using var input = model.MakeInput(0, seed: 1);
        // Cameras do not all look at the same moment.
        await Task.Delay(wait, CancellationToken.None);
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1 / FramesPerSecond));
        while (!stop.IsCancellationRequested)
        {
            try
            {
                using (await client.InferAsync(input, cancellationToken: CancellationToken.None)) Interlocked.Increment(ref _done);
            }
            catch (TailRefusedException)
            {
                // The server says that it is busy, as it may; the frame is left out.
                Interlocked.Increment(ref _refused);
            }

            await timer.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    /// <summary>A test that measures, and does so only when it is told for how long.</summary>
    private sealed class FiguresFactAttribute : FactAttribute
    {
        public const string Variable = "SPLITINFER_FIGURES";

        public FiguresFactAttribute()
        {
            if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 }) Skip = $"Measures, which needs a quiet machine. Set {Variable} to a number of seconds to have it do so.";
        }
    }
}
