using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using SplitInfer.Policies.Quality;
using SplitInfer.Server;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.IntegrationTests.Hosting;

/// <summary>A server in a host: configured, validated, and ready as long as it takes requests.</summary>
public sealed class ServerHostTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public ServerHostTests() => File.WriteAllBytes(_folder["demo/1/model.onnx"], UNet.Build().ToBytes());

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task It_is_healthy_from_its_start_to_its_stop()
    {
        using var host = Build(("ModelsDirectory", _folder.Path), ("Listen:0", "tcp://127.0.0.1:0"), ("Limits:MaxConnections", "7"));
        var (health, server) = (host.Services.GetRequiredService<HealthCheckService>(), host.Services.GetRequiredService<SplitInferServer>());
        Assert.Equal(HealthStatus.Unhealthy, (await health.CheckHealthAsync()).Status);
        await host.StartAsync();
        Assert.Equal(HealthStatus.Healthy, (await health.CheckHealthAsync()).Status);
        var model = Assert.Single(server.Models);
        Assert.Equal(("demo", "1"), (model.Name, model.Version));
        Assert.Equal(64, model.Fingerprint.Length);
        Assert.True(model.Partitions > 1);
        await host.StopAsync();
        Assert.Equal(HealthStatus.Unhealthy, (await health.CheckHealthAsync()).Status);
    }

    [Theory]
    [InlineData("SegmentMemoryBytes", "-1", "SegmentMemoryBytes")]
    [InlineData("Limits:MaxConections", "1", "MaxConections")]
    [InlineData("ModelDirectory", "x", "ModelDirectory")]
    public async Task A_wrong_setting_stops_the_host_from_starting_and_is_named(string key, string value, string named)
    {
        using var host = Build(("ModelsDirectory", _folder.Path), ("Listen:0", "tcp://127.0.0.1:0"), (key, value));
        var error = await Assert.ThrowsAnyAsync<Exception>(() => host.StartAsync());
        Assert.True(error is OptionsValidationException or InvalidOperationException);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_takes_the_coordinator_that_is_registered_unless_it_is_given_one()
    {
        await using var registered = new LocalCoordination();
        await using var given = new LocalCoordination();
        Assert.Null(CoordinationOf(static _ => { }, null));
        Assert.Same(registered, CoordinationOf(services => services.AddSingleton<IQualityCoordination>(registered), null));
        Assert.Same(given, CoordinationOf(services => services.AddSingleton<IQualityCoordination>(registered), given));
        Assert.IsType<LocalCoordination>(CoordinationOf(static services => services.AddQualityCoordinator(), null));

        static IQualityCoordination? CoordinationOf(Action<IServiceCollection> register, IQualityCoordination? given)
        {
            var services = new ServiceCollection().AddSplitInferServer(options => options.Coordination = given);
            register(services);
            using var provider = services.BuildServiceProvider();
            return provider.GetRequiredService<IOptions<SplitInferServerOptions>>().Value.Coordination;
        }
    }

    private static IHost Build(params (string Key, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Services.AddSplitInferServer(new ConfigurationBuilder().AddInMemoryCollection(settings.ToDictionary(static s => s.Key, static s => (string?)s.Value)).Build());
        builder.Services.AddHealthChecks().AddSplitInferServer();
        return builder.Build();
    }
}
