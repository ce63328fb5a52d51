using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using SplitInfer.Client;
using SplitInfer.IntegrationTests.EndToEnd;
using SplitInfer.Policies;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.IntegrationTests.Faults;

/// <summary>Names of servers: one whose address changes while a client uses it, and one with addresses of which only some lead to a server.</summary>
public sealed class AddressChangeTests : IDisposable
{
    private const string Name = "server.splitinfer.test";

    private readonly TestFolder _folder = new();

    public AddressChangeTests() => File.WriteAllBytes(_folder["models/demo/1/model.onnx"], ResNet18.Build(size: 32, classes: 10, width: 8).ToBytes());

    public void Dispose() => _folder.Dispose();

    [NamespaceFact]
    public async Task A_server_that_moves_to_another_address_is_found_there()
    {
        var port = FreePort.Take();
        var first = await ServerProcess.StartAsync(_folder["models"], "--threads", "1", "--listen", $"tcp://127.0.0.11:{port}");
        using var second = await ServerProcess.StartAsync(_folder["models"], "--threads", "1", "--listen", $"tcp://127.0.0.12:{port}");
        // The client alone sees these names.
        var hosts = _folder["hosts"];
        await File.WriteAllTextAsync(hosts, $"127.0.0.11 {Name}\n");
        var command = $"mount --bind {hosts} /etc/hosts && exec dotnet {Path.Combine(AppContext.BaseDirectory, "splitinfer.dll")} run {_folder["models/demo/1/model.onnx"]} --server tcp://{Name}:{port} --policy AllOnServer --frames 100000 --fps 50 --threads 1 --json";
        using var client = Process.Start(new ProcessStartInfo("unshare", ["--mount", "bash", "-c", command]) { RedirectStandardOutput = true })!;
        try
        {
            await ReadUntilAsync(client, "server");
            first.Dispose();
            await ReadUntilAsync(client, "device");
            await File.WriteAllTextAsync(hosts, $"127.0.0.12 {Name}\n");
            await ReadUntilAsync(client, "server");
        }
        finally
        {
            client.Kill(entireProcessTree: true);
        }
    }

    [Theory]
    [InlineData("tcp://127.0.0.1:0")]
    [InlineData("tcp://[::1]:0")]
    public async Task A_name_with_addresses_of_both_kinds_leads_to_a_server_that_listens_at_one(string listen)
    {
        if (listen.Contains('[', StringComparison.Ordinal) && !Socket.OSSupportsIPv6) return;
        if (!(await Dns.GetHostAddressesAsync("localhost")).Any(address => address.ToString() == new Uri(listen).Host.Trim('[', ']'))) return;
        await using var deployment = await Deployment.StartAsync(await File.ReadAllBytesAsync(_folder["models/demo/1/model.onnx"]), options => options.Listen[0] = new(listen));
        await using var client = await deployment.ConnectAsync(options => (options.Server, options.Policy, options.Races, options.OnServerFailure)
            = (new($"tcp://localhost:{deployment.Server.Endpoints[0].Port}"), PolicyNames.AllOnServer, false, OnServerFailure.Throw));
        using var input = RandomTensor.Normal(new Random(1), client.Plan.Inputs[0].Type, client.Plan.Inputs[0].Shape.Dimensions);
        using var result = await client.InferAsync(input);
        Assert.Equal(InferenceSource.Server, result.Source);
    }

    /// <summary>Reads what the client prints until a result comes from there.</summary>
    private static async Task ReadUntilAsync(Process client, string from)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await client.StandardOutput.ReadLineAsync(limit.Token) is { } line)
        {
            using var frame = JsonDocument.Parse(line);
            if (frame.RootElement.TryGetProperty("source", out var source) && source.GetString() == from) return;
        }

        Assert.Fail($"The client has ended without a result from the {from}.");
    }

    /// <summary>A fact that gives a process names of its own, which takes root and Linux.</summary>
    private sealed class NamespaceFactAttribute : FactAttribute
    {
        public NamespaceFactAttribute()
        {
            if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess) Skip = "Gives a process its own /etc/hosts, which takes Linux and root.";
            else if (!File.Exists("/usr/bin/unshare")) Skip = "Gives a process its own /etc/hosts by unshare, which is not installed.";
        }
    }
}
