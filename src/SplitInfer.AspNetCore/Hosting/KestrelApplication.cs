using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using SplitInfer.Protocol.Endpoints;

namespace SplitInfer.AspNetCore.Hosting;

/// <summary>A Kestrel of the server's own at one address, which a host's signals and configuration do not reach.</summary>
internal static class KestrelApplication
{
    /// <summary>Begins one.</summary>
    /// <param name="address">Where it is to listen.</param>
    /// <param name="stopTimeout">How long requests under way may take once it stops.</param>
    /// <param name="limit">Sets its limits.</param>
    /// <param name="configure">Sets how it takes connections.</param>
    public static WebApplicationBuilder CreateBuilder(Uri address, TimeSpan stopTimeout, Action<KestrelServerLimits> limit, Action<ListenOptions> configure)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        // The server stops it, once connections have drained; signals do not.
        builder.Services.AddSingleton<IHostLifetime, ServerLifetime>().Configure<HostOptions>(host => host.ShutdownTimeout = stopTimeout);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            limit(kestrel.Limits);
            kestrel.Listen(AddressOf(address), address.Port, configure);
        });
        return builder;
    }

    /// <summary>Starts to listen.</summary>
    /// <param name="application">The application, which is disposed of where it does not start.</param>
    /// <param name="address">Its address.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The address that clients use, with the port that was bound.</returns>
    /// <exception cref="EndpointException">The address is taken or cannot be listened at.</exception>
    public static async Task<Uri> StartAsync(WebApplication application, Uri address, CancellationToken cancellationToken)
    {
        try
        {
            await application.StartAsync(cancellationToken).ConfigureAwait(false);
            var bound = application.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First();
            return new UriBuilder(address) { Port = new Uri(bound).Port }.Uri;
        }
        catch (Exception exception)
        {
            await application.DisposeAsync().ConfigureAwait(false);
            if (exception is IOException or SocketException) throw CannotListen(address, exception);
            throw;
        }
    }

    /// <summary>Who is at the other end of a connection.</summary>
    public static PeerAddress PeerOf(ConnectionContext connection) => connection.RemoteEndPoint is IPEndPoint end ? PeerAddress.Of(end) : PeerAddress.Local;

    /// <summary>Has connections encrypted, where there is something to encrypt them with.</summary>
    /// <param name="listen">How connections are taken.</param>
    /// <param name="tls">How to shake hands with the next client; null without TLS.</param>
    /// <param name="timeout">How long a handshake may take.</param>
    public static void UseTls(ListenOptions listen, Func<PeerAddress, SslServerAuthenticationOptions>? tls, TimeSpan timeout)
    {
        if (tls is null) return;
        listen.UseHttps(new TlsHandshakeCallbackOptions { HandshakeTimeout = timeout, OnConnection = handshake => new(tls(PeerOf(handshake.Connection))) });
    }

    private static IPAddress AddressOf(Uri address)
    {
        try
        {
            return IPAddress.TryParse(address.IdnHost, out var literal) ? literal : Dns.GetHostAddresses(address.IdnHost)[0];
        }
        catch (SocketException exception)
        {
            throw CannotListen(address, exception);
        }
    }

    private static EndpointException CannotListen(Uri address, Exception exception) =>
        new($"Cannot listen at {address}: {exception.GetBaseException().Message.TrimEnd('.')}. Choose an address of this machine and a port that is free, or port 0 for any.", exception);

    private sealed class ServerLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
