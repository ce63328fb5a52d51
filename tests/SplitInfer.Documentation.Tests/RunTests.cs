using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using SkiaSharp;
using SplitInfer.Client;
using SplitInfer.Client.Telemetry;
using SplitInfer.Codecs;
using SplitInfer.Documentation.Pages;
using SplitInfer.Documentation.Snippets;
using SplitInfer.Server;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Documentation;

/// <summary>Runs the snippets that do something, with a model of this test and a server on the loopback interface in place of those that they name.</summary>
public sealed class RunTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly StringWriter _output = new();
    private readonly TextWriter _console = Console.Out;

    public RunTests() => Console.SetOut(_output);

    private string Model => _folder["models/demo/1/model.onnx"];

    public void Dispose()
    {
        Console.SetOut(_console);
        _output.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task The_first_program_prints_where_each_request_ran()
    {
        await using var server = await ServeAsync();
        await GettingStarted.RunAsync([Model, server.Endpoints[0].ToString()]);
        var lines = _output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(11, lines.Length);
        Assert.All(lines[1..4], static line => Assert.StartsWith("Split: ", line, StringComparison.Ordinal));
        Assert.All(lines[4..], static line => Assert.Matches("^(Device|Split|Server): partition [0-9]+, [0-9]+ bytes sent, ", line));
    }

    [Fact]
    public async Task A_photograph_is_classified()
    {
        await using var server = await ServeAsync();
        await using var client = await ConnectAsync(server, new());
        using var bitmap = new SKBitmap(40, 30);
        bitmap.Erase(SKColors.SeaGreen);
        using (var file = File.Create(_folder["photograph.png"])) bitmap.Encode(file, SKEncodedImageFormat.Png, 100);
        await GettingStarted.ClassifyAsync(client, _folder["photograph.png"]);
        Assert.Equal(3, _output.ToString().Split('\n').Count(static line => line.StartsWith("class ", StringComparison.Ordinal)));
    }

    [Fact]
    public void Several_servers_are_named() => Assert.Equal(["edge", "cloud"], GettingStarted.SeveralServers().Servers.Select(static server => server.Name));

    [Fact]
    public async Task Constraints_hold()
    {
        await using var server = await ServeAsync();
        var options = Constraints.All();
        (options.Plan.MinDepth, options.Plan.MaxUploadBytes) = (8, 8192);
        await using var client = await ConnectAsync(server, options);
        Assert.True(client.Plan.Arms.Length > 1);
        Assert.All(client.Plan.Arms, arm => Assert.True(arm.Index >= 8 && arm.BoundaryBytes <= 8192));
        Constraints.PrintCuts(client);
        Assert.Contains("an arm", _output.ToString(), StringComparison.Ordinal);
        Assert.All(options.AllowedCodecs!, static name => Assert.True(CodecRegistry.Default.TryGet(name, out _), name));
    }

    [Fact]
    public async Task One_request_has_a_deadline_and_timings()
    {
        await using var server = await ServeAsync();
        var options = Tuning.FirstRequest();
        (options.StateDirectory, options.Calibration, options.Deadline) = (_folder["state"], null, null);
        await using var client = await ConnectAsync(server, options);
        using var input = InputOf(client);
        Assert.True((await Tuning.RequestAsync(client, input, CancellationToken.None)).Total > TimeSpan.Zero);
    }

    [Fact]
    public async Task A_host_has_server_and_client_and_answers()
    {
        ResNet18.Build(size: 32, classes: 10, width: 8).Save(Model);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["urls"] = "http://127.0.0.1:0",
            ["SplitInferServer:ModelsDirectory"] = _folder["models"],
            ["SplitInferServer:Listen:0"] = "tcp://127.0.0.1:0",
            ["SplitInfer:ModelPath"] = Model,
            ["Detector:ModelPath"] = Model,
            ["Classifier:ModelPath"] = Model,
        });
        Hosting.AddServer(builder);
        Hosting.AddClient(builder);
        Hosting.AddClients(builder);
        await using var app = builder.Build();
        Hosting.MapDetector(app);
        HostingHttp.Map(app);
        await app.StartAsync();
        Assert.Equal(HealthStatus.Healthy, (await app.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Status);
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        Assert.Contains("demo", await http.GetStringAsync(new Uri("/v2/models/demo", UriKind.Relative)), StringComparison.Ordinal);
        using var reply = await http.PostAsync("/detect", new StringContent($"[{string.Join(',', new float[3 * 32 * 32])}]", null, "application/json"));
        Assert.Equal(10, (await reply.Content.ReadAsStringAsync()).Split(',').Length);
        await app.StopAsync();
    }

    [Fact]
    public async Task A_host_shows_its_metrics_to_prometheus_under_the_names_that_alerts_use()
    {
        ResNet18.Build(size: 32, classes: 10, width: 8).Save(Model);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["urls"] = "http://127.0.0.1:0",
            ["SplitInferServer:ModelsDirectory"] = _folder["models"],
            ["SplitInferServer:Listen:0"] = "tcp://127.0.0.1:0",
        });
        Hosting.AddServer(builder);
        Snippets.Telemetry.Collect(builder);
        builder.Services.AddOpenTelemetry().WithMetrics(static metrics => metrics.AddMeter(SplitInferClientTelemetry.MeterName));
        await using var app = builder.Build();
        Snippets.Telemetry.Show(app);
        await app.StartAsync();
        await using var client = await ConnectAsync(app.Services.GetRequiredService<SplitInferServer>(), new() { Races = false, PolicyOptions = new Dictionary<string, string> { ["forcedInterval"] = "2" } });
        using var input = InputOf(client);
        // A cut that is named makes every stage take place, and those that the policy is made to try measure the link.
        (await client.InferAsync(input, new() { Partition = 4 })).Dispose();
        for (var request = 0; request < 20; request++) (await client.InferAsync(input)).Dispose();

        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        var text = await http.GetStringAsync(new Uri("/metrics", UriKind.Relative));
        var shown = text.Split('\n').Where(static line => line.StartsWith("splitinfer_", StringComparison.Ordinal)).Select(static line => line.Split('{', ' ')[0]).Distinct().ToArray();
        var known = PublishedMetric.All.Where(static metric => metric.IsOurs).SelectMany(static metric => metric.PrometheusNames).ToArray();
        Mistakes.AssertNone(shown.Except(known));
        // Nothing was raced, nothing came late, nothing failed, and there are no exits.
        Mistakes.AssertNone(known.Except(shown).Except(["splitinfer_client_races_total", "splitinfer_client_late_replies_total", "splitinfer_client_server_failures_total", "splitinfer_server_answers_total", "splitinfer_client_answers_total"]));
        await app.StopAsync();
    }

    [Fact]
    public async Task A_host_takes_options_in_code()
    {
        ResNet18.Build(size: 32, classes: 10, width: 8).Save(Model);
        var builder = WebApplication.CreateSlimBuilder();
        Hosting.AddClientInCode(builder, Model, CodecRegistry.Default);
        await using var app = builder.Build();
        Assert.Equal("Mine", app.Services.GetRequiredService<SplitInferenceClient>().Policy);
    }

    [Fact]
    public void Options_of_the_engine_are_valid()
    {
        Engine.Providers().Validate();
        Engine.Session().Validate();
    }

    private async Task<SplitInferServer> ServeAsync()
    {
        ResNet18.Build(size: 32, classes: 10, width: 8).Save(Model);
        return await SplitInferServer.StartAsync(new() { ModelsDirectory = _folder["models"], Listen = { new Uri("tcp://127.0.0.1:0") } });
    }

    private async Task<SplitInferenceClient> ConnectAsync(SplitInferServer server, SplitInferenceOptions options)
    {
        (options.ModelPath, options.Server) = (Model, server.Endpoints[0]);
        return await SplitInferenceClient.CreateAsync(options);
    }

    private static TensorValue InputOf(SplitInferenceClient client)
    {
        var input = TensorValue.Allocate(client.Plan.Inputs[0].Type, client.Plan.Inputs[0].Shape);
        input.Bytes.Span.Clear();
        return input;
    }
}
