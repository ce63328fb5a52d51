using System.Diagnostics.CodeAnalysis;
using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using SplitInfer.AspNetCore.Endpoints;
using SplitInfer.AspNetCore.Grpc;
using SplitInfer.AspNetCore.Monitoring;
using SplitInfer.AspNetCore.WebSockets;
using SplitInfer.Server;

namespace SplitInfer.AspNetCore;

/// <summary>Adds what a server shows over HTTP to the routes of an application.</summary>
public static class SplitInferEndpointRouteBuilderExtensions
{
    /// <summary>
    /// Shows the server that <c>AddSplitInferServer</c> added, in the paths and the JSON of the Open Inference Protocol (KServe v2): <c>/v2</c>,
    /// <c>/v2/health/live</c>, <c>/v2/health/ready</c>, <c>/v2/models/{name}</c> and its <c>/versions/{version}</c>, each with <c>/ready</c> and <c>/infer</c>, and
    /// <c>/v2/repository/index</c>. <c>/v2/monitor</c> pushes clients, load and models to those who watch. Errors are <c>{"error": "…"}</c>. Where the server has keys (<see cref="ServerSecurityOptions.KeysFile"/>), all but the two of health
    /// take <c>Authorization: Bearer KEY</c>. <c>/infer</c> runs whole models, under the limits and turns of all others, and answers another machine only as
    /// <see cref="MapSplitInferWebSocket"/> does. SplitInfer clients do not connect this way, but to <see cref="SplitInferServer.Endpoints"/>, or by <see cref="MapSplitInferWebSocket"/>.
    /// </summary>
    /// <param name="endpoints">The application, or a group of it, whose prefix then comes before <c>/v2</c>.</param>
    /// <returns>Takes conventions for all of these endpoints, such as <c>RequireAuthorization</c>. Without, whoever reaches the application may read them.</returns>
    /// <exception cref="InvalidOperationException">The application has no server.</exception>
    public static IEndpointConventionBuilder MapSplitInfer(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        RequireServer(endpoints, nameof(MapSplitInfer));
        var root = endpoints.MapGroup("/v2");
        ServerEndpoints.Map(root);
        MonitorEndpoint.Map(root);
        RepositoryEndpoints.Map(root.MapGroup("/repository"));
        var model = root.MapGroup("/models/{name}");
        ModelEndpoints.Map(model);
        ModelEndpoints.Map(model.MapGroup("/versions/{version}"));
        root.MapFallback("{**path}", static context => context.WriteErrorAsync(StatusCodes.Status404NotFound, "There is no such path, or it takes another method. GET /v2 shows the server."));
        return root;
    }

    /// <summary>
    /// Shows the server that <c>AddSplitInferServer</c> added by the gRPC service of the Open Inference Protocol (KServe v2), <c>inference.GRPCInferenceService</c>.
    /// The application needs <see cref="SplitInferGrpcServiceCollectionExtensions.AddSplitInferGrpc"/>, and an address that speaks HTTP/2. Who may use it, and how much of it, is as for <see cref="MapSplitInfer"/>.
    /// </summary>
    /// <param name="endpoints">The application.</param>
    /// <returns>Takes conventions for all of its methods, such as <c>RequireAuthorization</c>.</returns>
    /// <exception cref="InvalidOperationException">The application has no server, or no gRPC.</exception>
    public static IEndpointConventionBuilder MapSplitInferGrpc(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        RequireServer(endpoints, nameof(MapSplitInferGrpc));
        if (endpoints.ServiceProvider.GetService<IServiceProviderIsService>()?.IsService(typeof(IGrpcServiceActivator<InferenceService>)) == false)
            throw new InvalidOperationException($"{nameof(MapSplitInferGrpc)} needs gRPC, and the application has none. Call builder.Services.{nameof(SplitInferGrpcServiceCollectionExtensions.AddSplitInferGrpc)}() before the application is built.");
        var service = endpoints.MapGrpcService<InferenceService>();
        service.Add(static method =>
        {
            if (method.RequestDelegate is { } next) method.RequestDelegate = context => GrpcAdmission.ServeAsync(context, context.Server, next);
        });
        return service;
    }

    /// <summary>
    /// Lets clients of the server that <c>AddSplitInferServer</c> added connect by WebSockets, through the HTTP server of the application: at
    /// <c>ws://HOST:PORT/PATH</c> or <c>wss://HOST:PORT/PATH</c>. Their connections share the limits, keys and turns of all others. A client of another machine
    /// is let in over HTTPS only, and only with a key (<see cref="ServerSecurityOptions.KeysFile"/>), a certificate of
    /// <see cref="ServerSecurityOptions.ClientCaFile"/>, or as a user that the application has authenticated, unless <see cref="ServerSecurityOptions.AllowInsecure"/> is set. A request with headers of a proxy
    /// (<c>X-Forwarded-…</c>, <c>Forwarded</c>, <c>Via</c>, <c>X-Real-IP</c>), or without an address, is never local. Behind a proxy, let the application use the middleware of forwarded
    /// headers before, or all clients are one machine, and none of them seems to come over HTTPS. Pages in browsers are never let in.
    /// </summary>
    /// <param name="endpoints">The application, or a group of it. It needs no <c>UseWebSockets</c>.</param>
    /// <param name="pattern">The path.</param>
    /// <returns>Takes conventions for the endpoint, such as <c>RequireAuthorization</c>.</returns>
    /// <exception cref="InvalidOperationException">The application has no server.</exception>
    public static IEndpointConventionBuilder MapSplitInferWebSocket(this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        RequireServer(endpoints, nameof(MapSplitInferWebSocket));
        var pipeline = endpoints.CreateApplicationBuilder();
        MeteredUpgrade.Use(pipeline);
        pipeline.UseWebSockets().Run(WebSocketEndpoint.ServeAsync);
        return endpoints.Map(pattern, pipeline.Build());
    }

    private static void RequireServer(IEndpointRouteBuilder endpoints, string caller)
    {
        // Only looked for: creating it here would report wrong options as an error of the routes.
        if (endpoints.ServiceProvider.GetService<IServiceProviderIsService>()?.IsService(typeof(SplitInferServer)) == false)
            throw new InvalidOperationException($"{caller} needs a server, and the application has none. Call builder.Services.{nameof(SplitInferServerServiceCollectionExtensions.AddSplitInferServer)}(…) before the application is built.");
    }
}
