using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using SplitInfer.Protocol.Endpoints;
using SplitInfer.Server.Connections;

namespace SplitInfer.AspNetCore.WebSockets;

/// <summary>Listens for WebSockets with a Kestrel for each address, which does nothing else.</summary>
internal sealed class KestrelHost : IWebSocketHost
{
    // What is served has ended before it begins, and the rest is of no use to anyone.
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(1);

    public async Task<IWebSocketListener> ListenAsync(WebSocketTerms terms, CancellationToken cancellationToken)
    {
        if (terms.Address.Query.Length > 0) throw new EndpointException($"Cannot listen at {terms.Address}: it has a query. Leave that to clients, whose proxies may want it.");
        var pending = new PendingUpgrades(terms.MaxPending);
        var application = Build(terms, pending);
        try
        {
            await application.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            await application.DisposeAsync().ConfigureAwait(false);
            if (exception is IOException or SocketException) throw CannotListen(terms.Address, exception);
            throw;
        }

        return new Listener(application, pending, terms.Address);
    }

    private static WebApplication Build(WebSocketTerms terms, PendingUpgrades pending)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        // The server stops it, once connections have drained; signals do not.
        builder.Services.AddSingleton<IHostLifetime, ServerLifetime>().Configure<HostOptions>(static host => host.ShutdownTimeout = Timeout.InfiniteTimeSpan);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            (kestrel.Limits.KeepAliveTimeout, kestrel.Limits.RequestHeadersTimeout) = (terms.PendingTimeout, terms.PendingTimeout);
            kestrel.Listen(AddressOf(terms.Address), terms.Address.Port, listen => Configure(listen, terms, pending));
        });
        var (application, path) = (builder.Build(), PathString.FromUriComponent(terms.Address));
        MeteredUpgrade.Use(application);
        application.UseWebSockets();
        application.Run(context => !context.Request.Path.Equals(path, StringComparison.Ordinal)
            ? WebSocketUpgrade.RefuseAsync(context, StatusCodes.Status404NotFound, "There is no such path. SplitInfer clients need the one that the server listens at.")
            : context.IsForwarded && terms.FaultOfForwarded(context.Peer) is { } fault
            ? WebSocketUpgrade.RefuseAsync(context, StatusCodes.Status403Forbidden, $"The server would be used through a proxy {fault}. Let it know its clients by keys, or let it allow what is insecure.")
            : WebSocketUpgrade.ServeAsync(context, channel =>
            {
                pending.Complete(context);
                return terms.ServeAsync(channel);
            }));
        return application;
    }

    private static void Configure(ListenOptions listen, WebSocketTerms terms, PendingUpgrades pending)
    {
        listen.Protocols = HttpProtocols.Http1;
        listen.Use(pending.TrackAsync);
        if (terms.Tls is not { } tls) return;
        listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            HandshakeTimeout = terms.PendingTimeout,
            OnConnection = handshake => new(tls(handshake.Connection.RemoteEndPoint is IPEndPoint end ? PeerAddress.Of(end) : PeerAddress.Local)),
        });
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

    private sealed class Listener(WebApplication application, PendingUpgrades pending, Uri address) : IWebSocketListener
    {
        private readonly CancellationTokenSource _patience = new();
        private readonly Lock _gate = new();
        private Task? _stopping;

        public Uri Address { get; } = new UriBuilder(address) { Port = BoundPort(application) }.Uri;

        public void StopListening() => _ = StopAsync();

        public async ValueTask DisposeAsync()
        {
            pending.AbortAll();
            _patience.CancelAfter(StopTimeout);
            await StopAsync().ConfigureAwait(false);
            await application.DisposeAsync().ConfigureAwait(false);
            _patience.Dispose();
        }

        // Kestrel lets its port go first, and then waits for its connections.
        private Task StopAsync()
        {
            lock (_gate) return _stopping ??= Task.Run(() => application.StopAsync(_patience.Token));
        }

        private static int BoundPort(WebApplication application) =>
            new Uri(application.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First()).Port;
    }

    private sealed class ServerLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
