using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using SplitInfer.Policies.Quality;
using SplitInfer.Testing;
using StackExchange.Redis;

namespace SplitInfer.Fleet.Tests;

/// <summary>A server beside silos that are not there yet, come, go and come again.</summary>
public sealed class ConnectionTests
{
    [Theory]
    [InlineData("orleans://127.0.0.1:{0}/eu")]
    [InlineData("redis://127.0.0.1:{0}/eu")]
    public async Task Without_a_silo_calls_fail_in_words_and_disposing_ends(string address)
    {
        var fleet = new OrleansCoordination(new() { Coordinator = new(string.Format(CultureInfo.InvariantCulture, address, FreePort.Take())), Timeout = TimeSpan.FromSeconds(0.05) });
        var error = await Assert.ThrowsAsync<FleetUnavailableException>(async () => await fleet.JoinAsync("a", [SomeCurves.Three]));
        Assert.Contains("splitinfer coordinate", error.Message);
        await Task.WhenAll(fleet.DisposeAsync().AsTask(), fleet.DisposeAsync().AsTask());
        await fleet.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await fleet.ReportAsync(SomeCurves.Report(1)));
    }

    [Fact]
    public async Task A_call_that_is_given_up_says_so()
    {
        await using var fleet = new OrleansCoordination(new() { Coordinator = new($"orleans://127.0.0.1:{FreePort.Take()}/eu") });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await fleet.ReportAsync(SomeCurves.Report(1), new(canceled: true)));
    }

    [Fact]
    public async Task A_server_starts_before_its_silo_and_finds_it_again_after_a_restart()
    {
        var (siloPort, gatewayPort) = (FreePort.Take(), FreePort.Take());
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddFleetCoordination(options => options.Coordinator = new($"orleans://127.0.0.1:{gatewayPort}/eu"));
        using var server = builder.Build();
        await server.StartAsync();
        var fleet = server.Services.GetRequiredService<IQualityCoordination>();
        await Assert.ThrowsAsync<FleetUnavailableException>(async () => await fleet.JoinAsync("a", [SomeCurves.Three]));
        for (var i = 0; i < 2; i++)
        {
            using var silo = await StartSiloAsync(fleet => (fleet.Region, fleet.SiloPort, fleet.GatewayPort) = ("eu", siloPort, gatewayPort));
            var node = await JoinAsync(fleet);
            Assert.True((await fleet.ReportAsync(SomeCurves.Report(node))).Price > 0);
            await silo.StopAsync();
        }

        await server.StopAsync();
    }

    [CommandFact("redis-server")]
    public async Task Silos_find_each_other_through_Redis_which_keeps_who_the_nodes_are()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var fleet = new OrleansCoordination(new() { Coordinator = new($"redis://{redis.Address}/eu") });
        uint node;
        using (var silo = await StartSiloAsync(fleet => (fleet.Redis, fleet.Region, fleet.SiloPort, fleet.GatewayPort) = (redis.Address, "eu", FreePort.Take(), FreePort.Take())))
        {
            node = await JoinAsync(fleet);
            await silo.StopAsync();
        }

        // Another silo, at other ports, goes on: the node reports as before.
        using var next = await StartSiloAsync(fleet => (fleet.Redis, fleet.Region, fleet.SiloPort, fleet.GatewayPort) = (redis.Address, "eu", FreePort.Take(), FreePort.Take()));
        Assert.True((await PricedAsync(fleet, SomeCurves.Report(node))).Price > 0);
        await next.StopAsync();
    }

    [CommandFact("redis-server")]
    public async Task A_region_whose_state_something_else_has_written_over_begins_anew()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var fleet = new OrleansCoordination(new() { Coordinator = new($"redis://{redis.Address}/eu") });
        using (var silo = await StartSiloAsync(fleet => (fleet.Redis, fleet.Region, fleet.SiloPort, fleet.GatewayPort) = (redis.Address, "eu", FreePort.Take(), FreePort.Take())))
        {
            await JoinAsync(fleet);
            await silo.StopAsync();
        }

        await using (var connection = await ConnectionMultiplexer.ConnectAsync(redis.Address))
        {
            var key = Assert.Single(connection.GetServer(redis.Address).Keys(), static key => key.ToString().EndsWith("/nodes", StringComparison.Ordinal));
            Assert.False(await connection.GetDatabase().HashSetAsync(key, "data", new byte[] { 1, 2, 3, 255 }));
        }

        using var next = await StartSiloAsync(fleet => (fleet.Redis, fleet.Region, fleet.SiloPort, fleet.GatewayPort) = (redis.Address, "eu", FreePort.Take(), FreePort.Take()));
        Assert.True((await PricedAsync(fleet, SomeCurves.Report(await JoinAsync(fleet)))).Price > 0);
        await next.StopAsync();
    }

    // A silo that has lost its Redis takes some seconds to leave.
    [LongFact]
    [Trait("Category", "Long")]
    public async Task While_Redis_is_gone_silos_and_servers_that_know_each_other_go_on()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var fleet = new OrleansCoordination(new() { Coordinator = new($"redis://{redis.Address}/eu") });
        using var silo = await StartSiloAsync(fleet => (fleet.Redis, fleet.Region, fleet.SiloPort, fleet.GatewayPort) = (redis.Address, "eu", FreePort.Take(), FreePort.Take()));
        var node = await JoinAsync(fleet);
        await redis.DisposeAsync();
        for (uint i = 1; i <= 3; i++) Assert.Equal(i, (await PricedAsync(fleet, SomeCurves.Report(node, i))).Sequence);
        await silo.StopAsync();
    }

    [Fact]
    public async Task A_silo_does_not_share_the_port_of_another_program()
    {
        var (siloPort, gatewayPort) = (FreePort.Take(), FreePort.Take());
        using var silo = await StartSiloAsync(fleet => (fleet.SiloPort, fleet.GatewayPort) = (siloPort, gatewayPort));
        var error = await Assert.ThrowsAsync<FleetPortException>(() => StartSiloAsync(fleet => (fleet.SiloPort, fleet.GatewayPort) = (FreePort.Take(), gatewayPort)));
        Assert.Contains($"{nameof(FleetOptions.GatewayPort)} is {gatewayPort}", error.Message);
        await silo.StopAsync();
    }

    [Fact]
    public async Task A_silo_without_its_Redis_does_not_start_and_says_why()
    {
        var address = $"127.0.0.1:{FreePort.Take()}";
        var error = await Record.ExceptionAsync(() => StartSiloAsync(fleet => (fleet.Redis, fleet.SiloPort, fleet.GatewayPort) = (address, FreePort.Take(), FreePort.Take())));
        while (error is not (null or FleetUnavailableException)) error = error.InnerException;
        Assert.Contains(address, Assert.IsType<FleetUnavailableException>(error).Message);
    }

    private static async Task<PriceMessage> PricedAsync(OrleansCoordination fleet, LoadReport report)
    {
        while (true)
        {
            try
            {
                return await fleet.ReportAsync(report);
            }
            catch (FleetUnavailableException)
            {
                await Task.Delay(50);
            }
        }
    }

    private static async Task<uint> JoinAsync(IQualityCoordination fleet)
    {
        while (true)
        {
            try
            {
                return await fleet.JoinAsync("a", [SomeCurves.Three]);
            }
            catch (FleetUnavailableException)
            {
                await Task.Delay(50);
            }
        }
    }

    private static async Task<IHost> StartSiloAsync(Action<FleetOptions> configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.UseSplitInferFleet(configure);
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }
}
