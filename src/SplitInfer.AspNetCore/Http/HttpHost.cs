using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using SplitInfer.AspNetCore.Grpc;
using SplitInfer.AspNetCore.Hosting;
using SplitInfer.Server;

namespace SplitInfer.AspNetCore.Http;

/// <summary>Answers HTTP with a Kestrel of the server's own.</summary>
/// <param name="map">Maps what it answers.</param>
/// <param name="mapGrpc">Maps what it answers by gRPC.</param>
/// <param name="addServices">Adds what the mapped needs; null for nothing.</param>
internal sealed class HttpHost(Action<IEndpointRouteBuilder> map, Action<IEndpointRouteBuilder> mapGrpc, Action<IServiceCollection>? addServices = null) : IHttpHost
{
    // A client that sends, or takes, less than this in the time that it may stall has stalled.
    private const double StalledRequestBytes = 16 << 10, StalledReplyBytes = 64 << 10;

    private static readonly TimeSpan LeastGrace = TimeSpan.FromSeconds(2);

    public async Task<IHttpListener> ListenAsync(HttpTerms terms, CancellationToken cancellationToken)
    {
        var application = Build(terms);
        return new Listener(application, await KestrelApplication.StartAsync(application, terms.Address, cancellationToken).ConfigureAwait(false));
    }

    private WebApplication Build(HttpTerms terms)
    {
        // The host says how long what is under way may take.
        var builder = KestrelApplication.CreateBuilder(terms.Address, Timeout.InfiniteTimeSpan, limits => Limit(limits, terms.Limits), listen => Configure(listen, terms));
        builder.Services.AddRoutingCore().AddSingleton(terms.Server);
        builder.Services.AddGrpc(options => GrpcSettings.Apply(options, terms.Limits.Sizes.MaxBytes));
        if (!terms.IsGrpc) addServices?.Invoke(builder.Services);
        var application = builder.Build();
        application.UseRouting();
        if (terms.IsGrpc || terms.Tls is not null) mapGrpc(application);
        if (!terms.IsGrpc) map(application);
        return application;
    }

    private static void Limit(KestrelServerLimits limits, ServerLimits server)
    {
        (limits.MaxConcurrentConnections, limits.RequestHeadersTimeout) = (server.MaxConnections, server.HandshakeTimeout);
        // As of the frames. A rate is looked at once a second, so that nothing is told of less.
        var grace = server.StallTimeout > LeastGrace ? server.StallTimeout : LeastGrace;
        (limits.MinRequestBodyDataRate, limits.MinResponseDataRate) = (new(StalledRequestBytes / grace.TotalSeconds, grace), new(StalledReplyBytes / grace.TotalSeconds, grace));
        limits.Http2.MaxStreamsPerConnection = server.MaxInFlightPerConnection;
        (limits.Http2.InitialConnectionWindowSize, limits.Http2.InitialStreamWindowSize, limits.Http2.MaxFrameSize) = (GrpcSettings.ConnectionWindowBytes, GrpcSettings.CallWindowBytes, GrpcSettings.FrameBytes);
    }

    private static void Configure(ListenOptions listen, HttpTerms terms)
    {
        // Without TLS nothing tells the two apart, and clients of HTTP/2 that know that it is there are those of gRPC.
        listen.Protocols = terms.IsGrpc ? HttpProtocols.Http2 : terms.Tls is null ? HttpProtocols.Http1 : HttpProtocols.Http1AndHttp2;
        listen.Use(new HttpConnections(terms.Limits.MaxConnectionsPerMachine).TrackAsync);
        KestrelApplication.UseTls(listen, terms.Tls, terms.Limits.HandshakeTimeout);
    }

    private sealed class Listener(WebApplication application, Uri address) : IHttpListener
    {
        public Uri Address => address;

        public Task StopAsync(CancellationToken cancellationToken) => application.StopAsync(cancellationToken);

        public async ValueTask DisposeAsync()
        {
            await application.StopAsync(new CancellationToken(canceled: true)).ConfigureAwait(false);
            await application.DisposeAsync().ConfigureAwait(false);
        }
    }
}
