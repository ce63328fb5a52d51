using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using SplitInfer.AspNetCore.Access;
using SplitInfer.AspNetCore.Hosting;
using SplitInfer.Protocol.Endpoints;
using SplitInfer.Server.Connections;

namespace SplitInfer.AspNetCore.WebSockets;

/// <summary>Listens for WebSockets with a Kestrel for each address, which does nothing else.</summary>
internal sealed class KestrelHost : IWebSocketHost
{
    // The server has ended what it serves before the host stops; what is left are requests that never became WebSockets.
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(1);

    public async Task<IWebSocketListener> ListenAsync(WebSocketTerms terms, CancellationToken cancellationToken)
    {
        if (terms.Address.Query.Length > 0) throw new EndpointException($"Cannot listen at {terms.Address}: it has a query. Leave that to clients, whose proxies may want it.");
        var pending = new PendingUpgrades(terms.MaxPending);
        var application = Build(terms, pending);
        return new Listener(application, pending, await KestrelApplication.StartAsync(application, terms.Address, cancellationToken).ConfigureAwait(false));
    }

    private static WebApplication Build(WebSocketTerms terms, PendingUpgrades pending)
    {
        var builder = KestrelApplication.CreateBuilder(terms.Address, Timeout.InfiniteTimeSpan,
            limits => (limits.KeepAliveTimeout, limits.RequestHeadersTimeout) = (terms.PendingTimeout, terms.PendingTimeout), listen => Configure(listen, terms, pending));
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
        KestrelApplication.UseTls(listen, terms.Tls, terms.PendingTimeout);
    }

    private sealed class Listener(WebApplication application, PendingUpgrades pending, Uri address) : IWebSocketListener
    {
        private readonly CancellationTokenSource _patience = new();
        private readonly Lock _gate = new();
        private Task? _stopping;

        public Uri Address => address;

        public void StopListening() => _ = StopAsync();

        public async ValueTask DisposeAsync()
        {
            pending.AbortAll();
            _patience.CancelAfter(StopTimeout);
            await StopAsync().ConfigureAwait(false);
            await application.DisposeAsync().ConfigureAwait(false);
            _patience.Dispose();
        }

        // Kestrel closes its port first, and then waits for its connections.
        private Task StopAsync()
        {
            lock (_gate) return _stopping ??= Task.Run(() => application.StopAsync(_patience.Token));
        }
    }
}
