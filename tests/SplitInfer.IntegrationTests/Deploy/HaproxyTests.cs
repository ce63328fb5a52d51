using System.Diagnostics;
using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.Deploy;

/// <summary>The configuration of HAProxy as it stands in the repository.</summary>
public class HaproxyTests
{
    [CommandFact("haproxy")]
    public async Task Connections_are_shared_out_and_a_server_that_is_killed_loses_no_request()
    {
        using var servers = await ProxiedServers.StartAsync();
        var address = $"127.0.0.1:{FreePort.Take()}";
        using var haproxy = await StartAsync(address, servers.Addresses);
        try
        {
            await servers.ServeWithoutLossAsync(new($"tcp://{address}"));
            Assert.False(haproxy.HasExited);
        }
        finally
        {
            haproxy.Kill(entireProcessTree: true);
        }
    }

    private static async Task<Process> StartAsync(string address, IReadOnlyList<Uri> servers)
    {
        var start = new ProcessStartInfo(InstalledCommand.PathOf("haproxy")!, ["-db", "-f", Repository.PathOf("deploy/haproxy.cfg")]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["SPLITINFER_LISTEN"] = address;
        foreach (var (number, server) in servers.Index()) start.Environment[$"SPLITINFER_SERVER_{number + 1}"] = server.Authority;
        var process = Process.Start(start)!;
        // What it says of servers that go down is of no interest, and must not fill its pipes.
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await ListensAsync(process, int.Parse(address.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture));
        return process;
    }

    private static async Task ListensAsync(Process process, int port)
    {
        while (true)
        {
            using var probe = new System.Net.Sockets.TcpClient();
            try
            {
                await probe.ConnectAsync("127.0.0.1", port);
                return;
            }
            catch (System.Net.Sockets.SocketException)
            {
                Assert.False(process.HasExited, "HAProxy has ended.");
                await Task.Delay(20);
            }
        }
    }
}
