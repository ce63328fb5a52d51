using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using SplitInfer.Policies.Quality;

namespace SplitInfer.Fleet.Tests;

/// <summary>What an operator sets is checked before anything runs, by name.</summary>
public class FleetOptionsTests
{
    public static TheoryData<string, Action<FleetOptions>> Wrong { get; } = new()
    {
        { nameof(FleetOptions.Region), static o => o.Region = "a/b" },
        { nameof(FleetOptions.Region), static o => o.Region = new('a', 65) },
        { nameof(FleetOptions.Redis), static o => o.Redis = "" },
        { nameof(FleetOptions.Redis), static o => o.Redis = "host:6379,nothing=1" },
        { nameof(FleetOptions.Address), static o => o.Address = "here" },
        { nameof(FleetOptions.Address), static o => (o.Address, o.AllowInsecure) = ("0.0.0.0", true) },
        { nameof(FleetOptions.AllowInsecure), static o => o.Address = "10.0.0.1" },
        { nameof(FleetOptions.SiloPort), static o => o.SiloPort = 0 },
        { nameof(FleetOptions.GatewayPort), static o => o.GatewayPort = 65536 },
        { nameof(FleetOptions.GatewayPort), static o => o.GatewayPort = o.SiloPort },
        { nameof(FleetOptions.ProbeTimeout), static o => o.ProbeTimeout = TimeSpan.Zero },
        { nameof(FleetOptions.MissedProbes), static o => o.MissedProbes = 0 },
        { nameof(FleetOptions.MaxKinds), static o => o.MaxKinds = 0 },
        { nameof(FleetOptions.Pricing), static o => o.Pricing = null! },
        { nameof(QualityCoordinatorOptions.MaxNodes), static o => o.Pricing = new() { MaxNodes = 0 } },
    };

    [Fact]
    public void The_defaults_are_valid() => new FleetOptions().Validate();

    [Theory]
    [MemberData(nameof(Wrong))]
    public void An_option_that_cannot_be_used_is_named(string name, Action<FleetOptions> set)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        Assert.Contains(name, Assert.ThrowsAny<ArgumentException>(() => builder.UseSplitInferFleet(set)).Message);
    }

    [Fact]
    public void A_password_of_Redis_is_not_repeated() => Assert.DoesNotContain("secret", Assert.Throws<ArgumentException>(new FleetOptions { Redis = "host:1,password=secret,nothing=1" }.Validate).Message);

    [Fact]
    public void A_silo_refuses_a_setting_that_no_option_has()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        var message = Assert.Throws<InvalidOperationException>(() => builder.UseSplitInferFleet(Configuration("Regoin", "eu"))).Message;
        Assert.StartsWith("The setting 'Regoin' is unknown.", message);
        Assert.Contains("ProbeTimeout, Redis, Region, SiloPort", message);
        Assert.StartsWith("The setting 'Pricing:MaxNode' is unknown.", Assert.Throws<InvalidOperationException>(() => builder.UseSplitInferFleet(Configuration("Pricing:MaxNode", "5"))).Message);
    }

    [Fact]
    public async Task A_server_refuses_a_setting_that_no_option_has()
    {
        using var host = HostOf(services => services.AddFleetCoordination(Configuration("Cordinator", "redis://h/eu")));
        Assert.Contains("Cordinator", (await Assert.ThrowsAsync<InvalidOperationException>(() => host.StartAsync())).Message);
    }

    [Fact]
    public async Task A_server_reads_a_configuration()
    {
        using var host = HostOf(services => services.AddFleetCoordination(Configuration("Coordinator", "redis://h/eu")));
        await host.StartAsync();
        Assert.Equal(new Uri("redis://h/eu"), host.Services.GetRequiredService<IOptions<FleetClientOptions>>().Value.Coordinator);
        await host.StopAsync();
    }

    [Theory]
    [InlineData(null, 1, nameof(FleetClientOptions.Coordinator))]
    [InlineData("http://h/eu", 1, nameof(FleetClientOptions.Coordinator))]
    [InlineData("redis://h/eu", 0, nameof(FleetClientOptions.Timeout))]
    public async Task A_host_whose_server_names_no_coordinator_does_not_start(string? address, double seconds, string name)
    {
        using var host = HostOf(services => services.AddFleetCoordination(options => (options.Coordinator, options.Timeout) = (address is null ? null : new(address), TimeSpan.FromSeconds(seconds))));
        Assert.Contains(name, (await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync())).Message);
    }

    private static IConfiguration Configuration(string name, string value) => new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create(name, (string?)value)]).Build();

    private static IHost HostOf(Action<IServiceCollection> add)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        add(builder.Services);
        return builder.Build();
    }
}
