using SplitInfer.Cli.Exporting;
using SplitInfer.Cli.Inputs;
using SplitInfer.Cli.Tests.Exporting.Otlp;
using SplitInfer.Client.Telemetry;
using SplitInfer.Server.Telemetry;
using SplitInfer.Telemetry;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Cli.Tests.Exporting;

/// <summary>What <c>serve</c> and <c>run</c>, each a process of its own, send to a collector that the test runs.</summary>
public sealed class OtlpTests : IDisposable
{
    private const int Frames = 80;
    private const string ServerService = "splitinfer-server", ClientService = "splitinfer-client";

    private static readonly string[] Stages =
    [
        ClientSpanNames.Decide, ClientSpanNames.Head, ClientSpanNames.Encode, ClientSpanNames.Send,
        ServerSpanNames.Decode, ServerSpanNames.Queue, ServerSpanNames.Tail, ServerSpanNames.EncodeOutputs, ClientSpanNames.Reply,
    ];

    private readonly TestFolder _folder = new();
    private readonly string _model;

    public OtlpTests()
    {
        ResNet18.Build(size: 64, classes: 10, width: 32).Save(_folder["models/net/1/model.onnx"]);
        _model = _folder["models/net/1/model.onnx"];
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_trace_of_one_split_request_exported_by_otlp_to_a_collector_that_the_test_runs_has_every_stage_in_order_and_its_times_add_up_to_the_total_within_5_percent()
    {
        await using var collector = await Collector.StartAsync();
        await RunAsync(["--otlp", collector.Http], ["--otlp", collector.Http], []);

        var (client, server) = (collector.SpansOf(ClientService), collector.SpansOf(ServerService));
        var traces = client.Concat(server).GroupBy(static span => span.TraceId).ToArray();
        Assert.Equal(Frames, traces.Length);
        var shares = new List<double>();
        foreach (var trace in traces)
        {
            var whole = trace.Single(static span => span.Name == ClientSpanNames.Infer);
            var served = trace.Single(static span => span.Name == ServerSpanNames.Serve);
            Assert.Equal((whole.SpanId, true), (served.ParentSpanId, whole.ParentSpanId.IsEmpty));
            Assert.Contains(served, server);
            Assert.Equal("Quantized8", Collector.TextOf(served.Attributes, TelemetryTags.Codec));
            var parts = trace.Where(static span => Stages.Contains(span.Name)).ToArray();
            Assert.All(parts, part => Assert.Contains(part.ParentSpanId, (Google.Protobuf.ByteString[])[whole.SpanId, served.SpanId]));
            // A stage that took no time leaves no span, and each end has a clock of its own.
            AssertOrdered(parts.Where(part => part.ParentSpanId == whole.SpanId));
            AssertOrdered(parts.Where(part => part.ParentSpanId == served.SpanId));
            Assert.Empty(((string[])[ClientSpanNames.Head, ClientSpanNames.Encode, ServerSpanNames.Tail, ClientSpanNames.Reply]).Except(parts.Select(static part => part.Name)));
            shares.Add(parts.Sum(DurationOf) / DurationOf(whole));
        }

        // Where the machine is busy, time goes by between two stages; some request escapes that.
        Assert.All(shares, static share => Assert.InRange(share, 0, 1.05));
        Assert.Contains(shares, static share => share > 0.95);
    }

    [Fact]
    public async Task Metrics_and_the_log_say_what_they_are_of_and_count_every_request()
    {
        await using var collector = await Collector.StartAsync();
        await RunAsync(["--otlp", collector.Http], ["--otlp", collector.Http], []);

        Assert.All(collector.Metrics, static sent => Assert.Equal(typeof(Program).Assembly.GetName().Version?.ToString(3), Collector.TextOf(sent.Resource.Attributes, "service.version")));
        Assert.Equal(Frames, Counted(collector.MetricsOf(ClientService), ClientMetricNames.Requests));
        Assert.Equal(Frames, Counted(collector.MetricsOf(ServerService), ServerMetricNames.Requests));
        var durations = collector.MetricsOf(ClientService).Last(static metric => metric.Name == ClientMetricNames.RequestDuration);
        Assert.Equal(("s", (ulong)Frames), (durations.Unit, durations.Histogram.DataPoints.Single().Count));
        Assert.Contains(collector.MetricsOf(ServerService), static metric => metric.Name == "dotnet.process.memory.working_set");
        var log = collector.Logs.SelectMany(static sent => sent.ScopeLogs).SelectMany(static scope => scope.LogRecords).Select(static record => record.Body.StringValue).ToArray();
        Assert.Contains(log, static line => line.StartsWith("Serving net 1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Grpc_and_the_variables_of_opentelemetry_do_as_well()
    {
        await using var collector = await Collector.StartAsync();
        Dictionary<string, string> variables = new()
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Http,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_EXPORTER_OTLP_HEADERS"] = "authorization=Bearer%20of-the-test",
            ["OTEL_RESOURCE_ATTRIBUTES"] = "service.name=edge-1,site=north",
        };
        await RunAsync([], ["--otlp", collector.Grpc], variables);
        Assert.Contains(collector.SpansOf("edge-1"), static span => span.Name == ServerSpanNames.Serve);
        Assert.Equal(Frames, collector.SpansOf("edge-1").Count(static span => span.Name == ClientSpanNames.Infer));
        Assert.All(collector.Spans, static sent => Assert.Equal("north", Collector.TextOf(sent.Resource.Attributes, "site")));
        Assert.All(collector.Authorizations, static header => Assert.Equal("Bearer of-the-test", header));
    }

    [Fact]
    public async Task A_ratio_of_nothing_exports_no_trace_of_either_end_and_all_metrics()
    {
        await using var collector = await Collector.StartAsync();
        await RunAsync(["--otlp", collector.Http, "--trace-ratio", "1"], ["--otlp", collector.Http, "--trace-ratio", "0"], []);
        Assert.Empty(collector.Spans);
        Assert.Equal(Frames, Counted(collector.MetricsOf(ServerService), ServerMetricNames.Requests));
    }

    [Fact]
    public async Task A_collector_that_is_not_there_is_told_of_and_costs_nothing_else()
    {
        var result = await CommandLine.StartAsync("run", _model, "--policy", "AllOnDevice", "--frames", "1", "--otlp", "http://127.0.0.1:1", "--json");
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("Telemetry could not be exported", result.Error, StringComparison.Ordinal);
        Assert.Contains("127.0.0.1:1", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tcp://127.0.0.1:1", "no address of a collector")]
    [InlineData("here", "no address of a collector")]
    [InlineData("https://me:secret@collector", "OTEL_EXPORTER_OTLP_HEADERS")]
    public void What_is_no_address_is_refused_without_telling_secrets(string address, string words)
    {
        var message = Assert.Throws<UsageException>(() => OtlpAddress.Parse(address)).Message;
        Assert.Contains(words, message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://collector:4318", "http://collector:4318/")]
    [InlineData("https://collector/below", "https://collector/below")]
    [InlineData("grpc://collector", "http://collector:4317/")]
    [InlineData("grpcs://collector:443", "https://collector/")]
    public void Addresses_are_read(string address, string endpoint) => Assert.Equal(endpoint, OtlpAddress.Parse(address).Endpoint.ToString());

    [Theory]
    [InlineData("--trace-ratio needs a collector", "--trace-ratio", "0.5")]
    [InlineData("--trace-ratio takes a number from 0 to 1.", "--otlp", "http://127.0.0.1:1", "--trace-ratio", "2")]
    public async Task Ratios_are_checked(string words, params string[] options)
    {
        var result = await CommandLine.RunAsync(["run", _model, .. options]);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains(words, result.Error, StringComparison.Ordinal);
    }

    private static double DurationOf(Span span) => span.EndTimeUnixNano - span.StartTimeUnixNano;

    private static double Counted(IEnumerable<Metric> metrics, string name) =>
        metrics.Last(metric => metric.Name == name).Sum.DataPoints.Sum(static point => point.ValueCase == Number.ValueOneofCase.AsInt ? point.AsInt : point.AsDouble);

    private static void AssertOrdered(IEnumerable<Span> parts)
    {
        var own = parts.OrderBy(static part => part.StartTimeUnixNano).ThenBy(DurationOf).Select(static part => Array.IndexOf(Stages, part.Name)).ToArray();
        Assert.Equal(own.Order(), own);
    }

    /// <summary>Lets a client ask a server, and ends both, so that they have sent everything.</summary>
    private async Task RunAsync(string[] server, string[] client, Dictionary<string, string> variables)
    {
        await using var process = await ServerProcess.StartAsync(variables, ["--models", _folder["models"], "--listen", "tcp://127.0.0.1:0", "--no-trial", "--preload", "--json", .. server]);
        var result = await CommandLine.StartAsync(variables, ["run", _model, "--server", process.Address, "--partition", "8", "--codec", "Quantized8", "--frames", $"{Frames}", "--no-races", "--require-server", "--json", .. client]);
        Assert.Equal(("", 0), (result.Error, result.ExitCode));
        Assert.Equal(0, await process.StopAsync());
    }
}
