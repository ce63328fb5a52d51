using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using SplitInfer.Client;
using SplitInfer.Partitioning;
using SplitInfer.Server;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Dashboard.Tests.Hosting;

/// <summary>A web application with a server and its dashboard, and clients of the server.</summary>
internal sealed class DashboardHost : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly PartitionedModel _model;
    private readonly List<SplitInferenceClient> _clients = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _work = [];

    private DashboardHost(WebApplication application, PartitionedModel model, string prefix) => (_application, _model, Address) = (application, model, new(new Uri(application.Urls.Single()), prefix));

    /// <summary>Where the page is.</summary>
    public Uri Address { get; }

    /// <summary>The server.</summary>
    public SplitInferServer Server => _application.Services.GetRequiredService<SplitInferServer>();

    /// <summary>Starts one.</summary>
    /// <param name="model">What the server calls its model.</param>
    /// <param name="prefix">Where the dashboard is mapped; a folder.</param>
    /// <param name="configure">Sets the server's options further.</param>
    /// <param name="pathBase">What the application takes off the paths of requests.</param>
    public static async Task<DashboardHost> StartAsync(string model = "mobilenet", string prefix = "/", Action<SplitInferServerOptions>? configure = null, string pathBase = "")
    {
        var planned = PartitionedModel.Load(MobileNetV2.Build(size: 64, classes: 100).ToBytes());
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        builder.Services.AddSplitInferServer(options =>
        {
            options.Models.Add(new(model, "1", planned));
            options.Listen.Add(new("tcp://127.0.0.1:0"));
            configure?.Invoke(options);
        });
        builder.Services.AddSplitInferDashboard();
        var application = builder.Build();
        if (pathBase.Length > 0) application.UsePathBase(pathBase).UseRouting();
        if (prefix == "/") application.MapSplitInferDashboard();
        else application.MapGroup(prefix.TrimEnd('/')).MapSplitInferDashboard();
        await application.StartAsync();
        return new(application, planned, pathBase + prefix);
    }

    /// <summary>A client of the server, that does nothing yet.</summary>
    public async Task<SplitInferenceClient> ConnectAsync(Action<SplitInferenceOptions>? configure = null)
    {
        var options = new SplitInferenceOptions { Server = Server.Endpoints[0], ModelName = Server.Models[0].Name };
        configure?.Invoke(options);
        var client = await SplitInferenceClient.CreateAsync(options, _model);
        _clients.Add(client);
        return client;
    }

    /// <summary>Has a client infer again and again until the host is disposed of.</summary>
    public void Work(SplitInferenceClient client, double framesPerSecond) => _work.Add(Task.Run(async () =>
    {
        using var input = _model.MakeInput(0, seed: 1);
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1 / framesPerSecond));
        while (!_stop.IsCancellationRequested)
        {
            using var result = await client.InferAsync(input);
            await timer.WaitForNextTickAsync();
        }
    }));

    /// <summary>Infers once.</summary>
    public async Task InferAsync(SplitInferenceClient client, InferenceRequest? request = null)
    {
        using var input = _model.MakeInput(0, seed: 1);
        using var result = await client.InferAsync(input, request);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_work);
        foreach (var client in _clients) await client.DisposeAsync();
        await _application.StopAsync();
        await _application.DisposeAsync();
        _stop.Dispose();
    }
}
