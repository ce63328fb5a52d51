namespace SplitInfer.Fleet.Tests;

/// <summary>Addresses of coordinators.</summary>
public class FleetAddressTests
{
    [Theory]
    [InlineData("redis://10.0.0.1:6380/eu-west", true, "10.0.0.1", 6380, "eu-west", null)]
    [InlineData("redis://redis.example/eu", true, "redis.example", 6379, "eu", null)]
    [InlineData("orleans://127.0.0.1:30000/eu/vision", false, "127.0.0.1", 30000, "eu", "vision")]
    [InlineData("orleans://silo/eu/", false, "silo", 30000, "eu", null)]
    public void An_address_names_host_region_and_models(string text, bool isRedis, string host, int port, string region, string? models)
    {
        Assert.True(FleetAddress.TryParse(new(text), out var address));
        Assert.Equal((isRedis, host, port, region, models), (address.IsRedis, address.Host, address.Port, address.Region, address.Models));
    }

    [Fact]
    public void A_password_is_read_and_never_shown()
    {
        Assert.True(FleetAddress.TryParse(new("rediss://me:se%40cret@host:1/eu"), out var address));
        Assert.Equal(("me", "se@cret", true), (address.User, address.Password, address.IsEncrypted));
        Assert.Equal("rediss://host:1/eu", address.ToString());
    }

    [Theory]
    [InlineData("redis://host:6379")]
    [InlineData("redis://host:6379/")]
    [InlineData("redis://host:6379/a/b/c")]
    [InlineData("redis://host:6379/a%20b")]
    [InlineData("redis://host:6379/a?b=c")]
    [InlineData("tcp://host:6379/a")]
    [InlineData("orleans://me:secret@host/a")]
    [InlineData("redis:///a")]
    public void What_is_none_is_refused_without_being_repeated(string text)
    {
        Assert.False(FleetAddress.TryParse(new(text), out _));
        var error = Assert.Throws<ArgumentException>(() => new FleetClientOptions { Coordinator = new(text) }.Validate());
        Assert.Contains(nameof(FleetClientOptions.Coordinator), error.Message);
        Assert.Contains("orleans://HOST:PORT/REGION", error.Message);
        Assert.DoesNotContain("secret", error.Message);
    }
}
