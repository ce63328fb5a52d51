using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using SplitInfer.AspNetCore.Http;
using SplitInfer.AspNetCore.WebSockets;
using SplitInfer.Server;

namespace SplitInfer.AspNetCore;

/// <summary>Lets a server listen for HTTP and WebSockets.</summary>
public static class SplitInferServerKestrelExtensions
{
    /// <summary>
    /// Lets <see cref="SplitInferServerOptions.Listen"/> have <c>ws://HOST:PORT/PATH</c> and <c>wss://HOST:PORT/PATH</c>, at which a Kestrel of the server's own
    /// listens for clients that come through proxies and ingresses, and <see cref="SplitInferServerOptions.Http"/> an address at which another one answers what
    /// <see cref="SplitInferEndpointRouteBuilderExtensions.MapSplitInfer"/> maps, <see cref="SplitInferServerOptions.Grpc"/> one for gRPC. What holds for <c>tcp://</c> and <c>tls://</c> holds for them: certificates, keys,
    /// limits, and what <see cref="ServerSecurityOptions"/> demands where other machines reach the server. An application that listens already uses
    /// <see cref="SplitInferEndpointRouteBuilderExtensions.MapSplitInferWebSocket"/> and <see cref="SplitInferEndpointRouteBuilderExtensions.MapSplitInfer"/> instead.
    /// </summary>
    /// <param name="options">The server's options.</param>
    /// <param name="map">Maps further endpoints at <see cref="SplitInferServerOptions.Http"/>; null for none. Whoever reaches the address reaches them, with or without a key.</param>
    /// <param name="addServices">Adds what these endpoints need; null for nothing.</param>
    /// <returns>The same options.</returns>
    public static SplitInferServerOptions UseKestrel(this SplitInferServerOptions options, Action<IEndpointRouteBuilder>? map = null, Action<IServiceCollection>? addServices = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.WebSockets = new KestrelHost();
        options.HttpHost = new HttpHost(endpoints =>
        {
            endpoints.MapSplitInfer();
            map?.Invoke(endpoints);
        }, static endpoints => endpoints.MapSplitInferGrpc(), addServices);
        return options;
    }
}
