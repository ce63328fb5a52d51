using System.Globalization;
using SplitInfer.Client;
using SplitInfer.IntegrationTests.Availability;
using SplitInfer.IntegrationTests.EndToEnd;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.IntegrationTests.Deploy;

/// <summary>Three servers in processes of their own behind a proxy, and clients that know the proxy alone and for which the device never steps in.</summary>
internal sealed class ProxiedServers : IDisposable
{
    private const int Servers = 3, Clients = 3;

    private readonly TestFolder _folder = new();
    private readonly string _model;
    private readonly List<ServerProcess> _servers = [];

    private ProxiedServers()
    {
        _model = _folder["demo/1/model.onnx"];
        File.WriteAllBytes(_model, UNet.Build().ToBytes());
    }

    /// <summary>Where the servers listen.</summary>
    public IReadOnlyList<Uri> Addresses => [.. _servers.Select(static server => server.Address)];

    /// <summary>Starts the servers.</summary>
    /// <param name="options">Options of each; it listens at a free port of TCP unless they say where.</param>
    public static async Task<ProxiedServers> StartAsync(params string[] options)
    {
        var started = new ProxiedServers();
        try
        {
            for (var number = 0; number < Servers; number++)
                started._servers.Add(await ServerProcess.StartAsync(started._folder.Path, ["--threads", "1", "--preload", "--no-trial", .. options]));
            return started;
        }
        catch
        {
            started.Dispose();
            throw;
        }
    }

    /// <summary>Clients that never pause are shared out among the servers; the one with most of them is killed, and no request is lost.</summary>
    /// <param name="proxy">What the clients connect to.</param>
    public async Task ServeWithoutLossAsync(Uri proxy)
    {
        var loads = new List<SteadyLoad>();
        try
        {
            // One client after the other, since a proxy may give connections that arrive at once to one server. What a server has ever had counts:
            // on a busy machine a client that tries another connection beside a silent one may leave the server where it began.
            var chosen = new HashSet<int>();
            for (var client = 0; client < Clients; client++)
            {
                loads.Add(await SteadyLoad.StartAsync(_model, OnServerFailure.Throw, proxy));
                await loads[^1].AnswerAsync(1);
                AddChosen(chosen);
            }

            for (var round = 0; round < 20 && chosen.Count < Servers; round++)
            {
                await AnswerAsync(loads);
                AddChosen(chosen);
            }

            Assert.True(chosen.Count >= 2, $"All connections are at one server: {string.Join(", ", Connections())}.");

            var counts = Connections();
            var busiest = counts.IndexOf(counts.Max());
            _servers[busiest].Kill();
            await AnswerAsync(loads);
            Assert.Equal(0, Connections()[busiest]);
            foreach (var load in loads) Assert.True(await load.StopAsync() > 0);
        }
        finally
        {
            foreach (var load in loads) await load.DisposeAsync();
        }
    }

    public void Dispose()
    {
        foreach (var server in _servers) server.Dispose();
        _folder.Dispose();
    }

    private static async Task AnswerAsync(IEnumerable<SteadyLoad> loads)
    {
        foreach (var load in loads) await load.AnswerAsync(10);
    }

    private void AddChosen(HashSet<int> chosen) => chosen.UnionWith(Connections().Index().Where(static server => server.Item > 0).Select(static server => server.Index));

    /// <summary>The connections that each server has by the account of the system.</summary>
    private int[] Connections()
    {
        const string Established = "01";
        var ports = File.ReadLines("/proc/net/tcp").Skip(1).Select(static line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(static columns => columns[3] == Established)
            .CountBy(static columns => int.Parse(columns[1].Split(':')[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToDictionary();
        return [.. _servers.Select(server => ports.GetValueOrDefault(server.Address.Port))];
    }
}
