using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using SplitInfer.Client;
using SplitInfer.Policies;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Cli.Tests.Proxies;

/// <summary>Debian's HAProxy, as <c>deploy/haproxy.cfg</c> sets it up, in front of three servers, each a process of its own.</summary>
public sealed partial class HaproxyTests : IDisposable
{
    private const int Clients = 9, Rounds = 60;

    private readonly TestFolder _folder = new();
    private readonly string _model;

    public HaproxyTests()
    {
        UNet.Build(size: 32).Save(_folder["net.onnx"]);
        _model = _folder["net.onnx"];
    }

    public void Dispose() => _folder.Dispose();

    [LongCommandFact("haproxy")]
    [Trait("Category", "Long")]
    public async Task Connections_are_balanced_and_no_request_is_lost_where_a_server_is_killed_under_load()
    {
        var servers = new List<ServerProcess>();
        var clients = new List<SplitInferenceClient>();
        Process? proxy = null;
        try
        {
            for (var i = 0; i < 3; i++) servers.Add(await ServerProcess.StartAsync(_model, "--listen", "tcp://127.0.0.1:0", "--http", "http://127.0.0.1:0", "--preload", "--json"));
            var address = await StartAsync([.. servers.Select(static server => new Uri(server.Address).Authority)], process => proxy = process);
            var input = RandomTensor.Normal(new(1), ElementType.Float32, 1, 3, 32, 32);
            for (var i = 0; i < Clients; i++)
            {
                clients.Add(await SplitInferenceClient.CreateAsync(new() { ModelPath = _model, Server = address, Policy = PolicyNames.AllOnServer, Races = false }));
                // The next one finds this one's connection counted.
                using var first = await clients[i].InferAsync(input);
                Assert.Equal(InferenceSource.Server, first.Source);
            }

            foreach (var server in servers) Assert.InRange(await ConnectionsOfAsync(server), 2, 5);
            using var expected = await clients[0].InferAsync(input);
            var bytes = expected.Outputs[0].Bytes.ToArray();
            var killed = new TaskCompletionSource();
            var load = Task.WhenAll(clients.Select(client => LoadAsync(client, input, bytes, killed.Task)));
            await servers[0].KillAsync();
            killed.SetResult();
            // Whatever the device had to do meanwhile: each request has ended, with the right result.
            Assert.Equal(Clients * Rounds, (await load).Sum());

            // And all are served again, by the two that are left.
            foreach (var client in clients) await UntilServedAsync(client, input);
            foreach (var server in servers[1..]) Assert.InRange(await ConnectionsOfAsync(server), 3, Clients);
        }
        finally
        {
            foreach (var client in clients) await client.DisposeAsync();
            proxy?.Kill();
            proxy?.Dispose();
            foreach (var server in servers) await server.DisposeAsync();
        }
    }

    private static async Task<int> LoadAsync(SplitInferenceClient client, TensorValue input, byte[] expected, Task killed)
    {
        var ended = 0;
        for (var round = 0; round < Rounds; round++)
        {
            // Half of them are made while the server is there for certain, and half when it is gone.
            if (round == Rounds / 2) await killed;
            using var result = await client.InferAsync(input);
            Assert.True(NearlyEqual(expected, result.Outputs[0].Bytes.Span));
            ended++;
        }

        return ended;
    }

    private static bool NearlyEqual(ReadOnlySpan<byte> one, ReadOnlySpan<byte> other)
    {
        var a = MemoryMarshal.Cast<byte, float>(one);
        var b = MemoryMarshal.Cast<byte, float>(other);
        for (var i = 0; i < a.Length; i++)
            if (Math.Abs(a[i] - b[i]) > 1e-4f) return false;
        return a.Length == b.Length;
    }

    private static async Task UntilServedAsync(SplitInferenceClient client, TensorValue input)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        while (true)
        {
            using var result = await client.InferAsync(input, cancellationToken: patience.Token);
            if (result.Source == InferenceSource.Server) return;
            await Task.Delay(50, patience.Token);
        }
    }

    /// <summary>Connections that a server has open.</summary>
    private static async Task<int> ConnectionsOfAsync(ServerProcess server)
    {
        using var http = new HttpClient();
        var text = await http.GetStringAsync(new Uri(server.Http!, "/metrics"));
        return int.Parse(Connections().Match(text).Groups["count"].Value, CultureInfo.InvariantCulture);
    }

    /// <summary>Starts HAProxy, with the file of the repository but for its addresses, and waits until it listens.</summary>
    private async Task<Uri> StartAsync(string[] servers, Action<Process> started)
    {
        var port = FreePort();
        var (text, next) = (await File.ReadAllTextAsync(Repository.PathOf("deploy/haproxy.cfg")), 0);
        text = ServerAddress().Replace(text.Replace("0.0.0.0:7070", $"127.0.0.1:{port}", StringComparison.Ordinal), _ => servers[next++]);
        Assert.Equal(servers.Length, next);
        await File.WriteAllTextAsync(_folder["haproxy.cfg"], text);
        started(Process.Start(InstalledCommand.PathOf("haproxy")!, ["-db", "-f", _folder["haproxy.cfg"]]));
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(IPAddress.Loopback, port, patience.Token);
                return new($"tcp://127.0.0.1:{port}");
            }
            catch (SocketException)
            {
                await Task.Delay(50, patience.Token);
            }
        }
    }

    // HAProxy does not say which port it was given.
    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [GeneratedRegex(@"10\.0\.0\.[0-9]+:7070")]
    private static partial Regex ServerAddress();

    [GeneratedRegex(@"^splitinfer_server_connections\{[^}]*\} (?<count>[0-9]+)", RegexOptions.Multiline)]
    private static partial Regex Connections();
}
