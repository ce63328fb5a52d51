using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Hosting;

namespace SplitInfer.Fleet;

/// <summary>Keeps a silo from a port at which another program listens: Orleans shares it with that, and both get a part of the connections.</summary>
internal sealed class PortCheck(FleetOptions options) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var (port, name) in ((int, string)[])[(options.SiloPort, nameof(options.SiloPort)), (options.GatewayPort, nameof(options.GatewayPort))])
        {
            using var probe = new Socket(options.IPAddress.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await probe.ConnectAsync(new IPEndPoint(options.IPAddress, port), cancellationToken);
            }
            catch (SocketException)
            {
                continue;
            }

            throw new FleetPortException($"{name} is {port}, at which another program listens on {options.Address}. End that one, or choose another port.");
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
