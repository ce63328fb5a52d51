using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using SplitInfer.Client;
using SplitInfer.Client.Servers;
using SplitInfer.IntegrationTests.EndToEnd;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.IntegrationTests.Hosting;

/// <summary>Clients in a container: configured, warmed up when the host starts, injected, watched and disposed.</summary>
public class ClientHostTests
{
    private static readonly byte[] Model = UNet.Build().ToBytes();

    [Fact]
    public async Task A_client_is_ready_when_the_host_has_started_and_ends_with_it()
    {
        await using var deployment = await Deployment.StartAsync(Model);
        SplitInferenceClient client;
        using (var host = Build(services => services.AddSplitInferClient(Settings(deployment, ("Partition", "1"), ("Transport:ConnectTimeout", "00:00:05"), ("Execution:IntraOpThreads", "1")))))
        {
            await host.StartAsync();
            client = host.Services.GetRequiredService<SplitInferenceClient>();
            Assert.Same(client, host.Services.GetRequiredService<SplitInferenceClient>());
            using var input = Input(client);
            using var whole = await client.InferAsync(input, new() { Partition = client.Plan.AllOnDevice.Index });
            var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ => await client.InferAsync(input)));
            foreach (var result in results)
            {
                using (result)
                {
                    Assert.Equal(InferenceSource.Split, result.Source);
                    Assert.True(TensorDifference.Between(whole.Outputs[0], result.Outputs[0]).IsWithin(1e-4));
                }
            }

            await host.StopAsync();
        }

        using var late = Input(client);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await client.InferAsync(late));
    }

    [Fact]
    public async Task Health_and_an_event_say_when_a_server_goes()
    {
        await using var deployment = await Deployment.StartAsync(Model);
        using var host = Build(services =>
        {
            services.AddSplitInferClient(Settings(deployment, ("Partition", "1")));
            services.AddHealthChecks().AddSplitInferClient();
        });
        var health = host.Services.GetRequiredService<HealthCheckService>();
        Assert.Equal(HealthStatus.Unhealthy, (await health.CheckHealthAsync()).Status);
        await host.StartAsync();
        Assert.Equal(HealthStatus.Healthy, (await health.CheckHealthAsync()).Status);

        var client = host.Services.GetRequiredService<SplitInferenceClient>();
        var changes = new System.Collections.Concurrent.ConcurrentQueue<ServerStatus>();
        client.ServerStatusChanged += (sender, change) =>
        {
            Assert.Same(client, sender);
            changes.Enqueue(change.Status);
            throw new InvalidOperationException("A handler of an application may fail.");
        };
        using var input = Input(client);
        (await client.InferAsync(input)).Dispose();
        Assert.True(Assert.Single(changes).IsUsable);
        await deployment.Server.DisposeAsync();
        using (var result = await client.InferAsync(input)) Assert.Equal(InferenceSource.Device, result.Source);
        Assert.Equal([true, false], changes.Select(static change => change.IsUsable));
        var report = await health.CheckHealthAsync();
        Assert.Equal(HealthStatus.Degraded, report.Status);
        Assert.Contains("splitinfer-client", report.Entries.Keys);
    }

    [Fact]
    public async Task Several_models_have_a_key_each()
    {
        await using var first = await Deployment.StartAsync(Model);
        await using var second = await Deployment.StartAsync(ResNet18.Build(size: 32, classes: 10, width: 8).ToBytes());
        using var host = Build(services =>
        {
            services.AddSplitInferClient("first", Settings(first));
            services.AddSplitInferClient("second", options => (options.ModelPath, options.Server) = (second.Model, second.Server.Endpoints[0]));
            services.AddHealthChecks().AddSplitInferClient("first").AddSplitInferClient("second");
            Assert.Contains("'first'", Assert.Throws<InvalidOperationException>(() => services.AddSplitInferClient("first", static _ => { })).Message, StringComparison.Ordinal);
        });
        await host.StartAsync();
        SplitInferenceClient[] clients = [.. new[] { "first", "second" }.Select(name => host.Services.GetRequiredKeyedService<SplitInferenceClient>(name))];
        Assert.NotEqual(clients[0].Plan.Model, clients[1].Plan.Model);
        Assert.Null(host.Services.GetService<SplitInferenceClient>());
        Assert.Equal(2, (await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Entries.Count);
    }

    [Theory]
    [InlineData("MinAgreement", "99", "MinAgreement")]
    [InlineData("Deadline", "-00:00:01", "Deadline")]
    [InlineData("Sever", "tcp://127.0.0.1:1", "Sever")]
    [InlineData("Transport:ConectTimeout", "00:00:01", "ConectTimeout")]
    [InlineData("ModelPath", "", "ModelPath")]
    public async Task A_wrong_setting_stops_the_host_from_starting_and_is_named(string key, string value, string named)
    {
        await using var deployment = await Deployment.StartAsync(Model);
        using var host = Build(services => services.AddSplitInferClient(Settings(deployment, (key, value))));
        var error = await Assert.ThrowsAnyAsync<Exception>(() => host.StartAsync());
        Assert.True(error is OptionsValidationException or InvalidOperationException);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_host_a_client_is_made_when_it_is_asked_for()
    {
        await using var deployment = await Deployment.StartAsync(Model);
        var services = new ServiceCollection();
        services.AddSplitInferClient(options => (options.ModelPath, options.Policy) = (deployment.Model, "AllOnDevice"));
        await using var provider = services.BuildServiceProvider();
        var client = provider.GetRequiredService<SplitInferenceClient>();
        using var input = Input(client);
        using var result = await client.InferAsync(input);
        Assert.Equal(InferenceSource.Device, result.Source);
    }

    [Fact]
    public async Task A_model_that_is_not_there_stops_the_host_from_starting()
    {
        using var host = Build(static services => services.AddSplitInferClient(static options => options.ModelPath = "nowhere.onnx"));
        Assert.Contains("nowhere.onnx", (await Assert.ThrowsAsync<FileNotFoundException>(() => host.StartAsync())).Message, StringComparison.Ordinal);
    }

    private static TensorValue Input(SplitInferenceClient client) => RandomTensor.Normal(new Random(1), client.Plan.Inputs[0].Type, client.Plan.Inputs[0].Shape.Dimensions);

    private static IHost Build(Action<IServiceCollection> add)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        add(builder.Services);
        return builder.Build();
    }

    private static IConfiguration Settings(Deployment deployment, params (string Key, string Value)[] others)
    {
        var settings = new Dictionary<string, string?> { ["ModelPath"] = deployment.Model, ["Servers:0:Address"] = deployment.Server.Endpoints[0].ToString(), ["Servers:0:Name"] = "edge" };
        foreach (var (key, value) in others) settings[key] = value;
        return new ConfigurationBuilder().AddInMemoryCollection(settings).Build();
    }
}
