using SplitInfer.IntegrationTests.Samples;
using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.Deploy;

/// <summary>The sample of a gateway made with YARP, as its page says.</summary>
public class GatewayTests
{
    [LinuxFact]
    public async Task Connections_are_shared_out_and_a_server_that_is_killed_loses_no_request()
    {
        using var servers = await ProxiedServers.StartAsync("--listen", "ws://127.0.0.1:0/infer", "--insecure");
        string[] names = ["one", "two", "three"];
        using var gateway = SampleProcess.Start("Gateway",
            ["--Urls=http://127.0.0.1:0", .. names.Zip(servers.Addresses, static (name, server) => $"--ReverseProxy:Clusters:servers:Destinations:{name}:Address=http://{server.Authority}")]);
        var address = new Uri(await gateway.ReadToAsync("Now listening on: (http://127.0.0.1:[0-9]+)"));
        await servers.ServeWithoutLossAsync(new($"ws://{address.Authority}/infer"));
        Assert.Equal(0, await gateway.StopAsync());
    }
}
