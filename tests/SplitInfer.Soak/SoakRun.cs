using System.Diagnostics;
using SplitInfer.Soak.Faults;
using SplitInfer.Soak.Load;
using SplitInfer.Soak.Processes;
using SplitInfer.Soak.Verdict;
using SplitInfer.Testing;
using SplitInfer.Testing.Faults;

namespace SplitInfer.Soak;

/// <summary>A soak: starts both ends and the proxy, measures, and judges.</summary>
internal static class SoakRun
{
    /// <summary>Runs it.</summary>
    /// <returns>Whether every answer was right and nothing grew.</returns>
    public static async Task<bool> RunAsync(SoakOptions options)
    {
        using var folder = new TestFolder();
        SoakModels.Save(folder);
        using var server = SoakProcess.Start(ServerRole.Name, folder.Path, options.Leak.ToString());
        await using var proxy = FaultProxy.Start(new(await server.ReadAsync()));
        using var clients = SoakProcess.Start(ClientRole.Name, folder.Path, proxy.Address.ToString(), options.Seed.ToString(System.Globalization.CultureInfo.InvariantCulture), options.Leak.ToString());
        await clients.ReadAsync();
        var report = new SoakReport(options.IsJson);
        using var ask = new SemaphoreSlim(1, 1);
        using var stop = new CancellationTokenSource();
        var plan = new FaultPlan(proxy, server, options.Seed);
        var faults = plan.RunAsync(ask, stop.Token);
        List<(double Seconds, ProcessUse Use)> ofServer = [], ofClients = [];
        var began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < options.Duration && !faults.IsCompleted)
        {
            await Task.Delay(options.Interval);
            await ask.WaitAsync();
            try
            {
                ofServer.Add((Stopwatch.GetElapsedTime(began).TotalSeconds, await server.MeasureAsync()));
                ofClients.Add((Stopwatch.GetElapsedTime(began).TotalSeconds, await clients.MeasureAsync()));
            }
            finally
            {
                ask.Release();
            }

            report.Sample(ofServer[^1].Seconds, ofServer[^1].Use, ofClients[^1].Use);
        }

        await stop.CancelAsync();
        try
        {
            await faults;
        }
        catch (OperationCanceledException)
        {
            // It was stopped.
        }

        var warmUp = options.WarmUp.TotalSeconds;
        IReadOnlyList<SoakRow> rows =
        [
            .. SoakVerdict.Judge(ServerRole.Name, [.. ofServer.Where(s => s.Seconds >= warmUp)]),
            .. SoakVerdict.Judge(ClientRole.Name, [.. ofClients.Where(s => s.Seconds >= warmUp)]),
        ];
        var counts = new SortedDictionary<string, long>(plan.Done, StringComparer.Ordinal) { ["connections"] = proxy.Accepted };
        foreach (var (name, count) in ofClients[^1].Use.Counts) counts[name] = count;
        return report.End(options, ofClients[^1].Use.Requests, ofServer[^1].Use.Requests, counts, rows);
    }
}
