using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Cli.Tests.Exporting;

/// <summary>What <c>serve --http</c> shows to Prometheus.</summary>
public sealed class PrometheusTests : IDisposable
{
    private const int Frames = 7;

    private readonly TestFolder _folder = new();
    private readonly string _model;

    public PrometheusTests()
    {
        UNet.Build(size: 32).Save(_folder["net.onnx"]);
        _model = _folder["net.onnx"];
    }

    public void Dispose() => _folder.Dispose();

    [CommandFact("prometheus")]
    public async Task Debians_Prometheus_scrapes_a_running_server_and_answers_a_query()
    {
        await using var server = await ServerProcess.StartAsync(_model, "--listen", "tcp://127.0.0.1:0", "--http", "http://127.0.0.1:0", "--json");
        await using var prometheus = await PrometheusProcess.StartAsync(_folder, $"    static_configs: [{{ targets: [\"{server.Http!.Authority}\"] }}]\n");
        var run = await CommandLine.RunAsync("run", _model, "--server", server.Address, "--policy", "AllOnServer", "--frames", $"{Frames}", "--json");
        Assert.Equal("", run.Error);

        var requests = await prometheus.AskAsync("splitinfer_server_requests_total", static values => values.Sum() == Frames);
        Assert.Equal(("net", server.Http.Authority), (LabelOf(requests[0], "splitinfer_model"), LabelOf(requests[0], "instance")));
        await prometheus.AskAsync("up{job=\"splitinfer\"}", static values => values is [1]);
        await prometheus.AskAsync("histogram_quantile(0.5, splitinfer_server_request_duration_seconds_bucket)", static values => values is [> 0]);
        await prometheus.AskAsync("target_info{service_name=\"splitinfer-server\"}", static values => values is [1]);
        await prometheus.AskAsync("dotnet_process_memory_working_set_bytes", static values => values is [> 1e7]);
        Assert.Equal(0, await server.StopAsync());

        static string? LabelOf(System.Text.Json.JsonElement series, string label) => series.GetProperty("metric").GetProperty(label).GetString();
    }
}
