using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using SplitInfer.Testing;

namespace SplitInfer.Cli.Tests.Exporting;

/// <summary>A Prometheus of this machine, at a port that the system chose.</summary>
internal sealed partial class PrometheusProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly HttpClient _http;

    private PrometheusProcess(Process process, string address) => (_process, _http) = (process, new() { BaseAddress = new Uri($"http://{address}") });

    /// <summary>Starts one that scrapes every second.</summary>
    /// <param name="folder">Where it keeps what it has.</param>
    /// <param name="job">The rest of the job of its configuration, from its targets on, in YAML.</param>
    public static async Task<PrometheusProcess> StartAsync(TestFolder folder, string job)
    {
        await File.WriteAllTextAsync(folder["prometheus.yml"], $"scrape_configs:\n  - job_name: splitinfer\n    scrape_interval: 1s\n{job}");
        string[] options = [$"--config.file={folder["prometheus.yml"]}", $"--storage.tsdb.path={folder["tsdb"]}", "--web.listen-address=127.0.0.1:0"];
        var process = Process.Start(new ProcessStartInfo(InstalledCommand.PathOf("prometheus")!, options) { RedirectStandardError = true })!;
        var said = new List<string>();
        while (await process.StandardError.ReadLineAsync() is { } line)
        {
            said.Add(line);
            if (Listening().Match(line) is not { Success: true } match) continue;
            _ = process.StandardError.ReadToEndAsync();
            return new(process, match.Groups["address"].Value);
        }

        process.Dispose();
        throw new InvalidOperationException($"Prometheus did not start: {string.Join('\n', said)}");
    }

    /// <summary>Asks until there is an answer that will do.</summary>
    /// <param name="query">In the language of Prometheus.</param>
    /// <param name="suffices">Whether an answer will do, by the values of its series.</param>
    /// <returns>The series of the answer.</returns>
    public async Task<JsonElement[]> AskAsync(string query, Func<double[], bool> suffices)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            try
            {
                var answer = await _http.GetFromJsonAsync<JsonElement>(new Uri($"/api/v1/query?query={Uri.EscapeDataString(query)}", UriKind.Relative), patience.Token);
                JsonElement[] series = [.. answer.GetProperty("data").GetProperty("result").EnumerateArray()];
                if (suffices([.. series.Select(static one => double.Parse(one.GetProperty("value")[1].GetString()!, System.Globalization.CultureInfo.InvariantCulture))])) return series;
            }
            catch (HttpRequestException)
            {
                // It answers 503 until it has read what it has.
            }

            await Task.Delay(100, patience.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    [GeneratedRegex("msg=\"Listening on\" address=(?<address>[0-9.:]+)")]
    private static partial Regex Listening();
}
