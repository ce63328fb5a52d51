using Grpc.AspNetCore.Server;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using SplitInfer.AspNetCore.Grpc;
using SplitInfer.Server;

namespace SplitInfer.AspNetCore;

/// <summary>Adds what the gRPC service of a server needs.</summary>
public static class SplitInferGrpcServiceCollectionExtensions
{
    /// <summary>Adds gRPC for <see cref="SplitInferEndpointRouteBuilderExtensions.MapSplitInferGrpc"/>, with messages as large as the server's limits allow, and none that are compressed.</summary>
    /// <param name="services">The container, which has or will have a server.</param>
    public static IServiceCollection AddSplitInferGrpc(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddGrpc().AddServiceOptions<InferenceService>(static _ => { });
        services.AddSingleton<IConfigureOptions<GrpcServiceOptions<InferenceService>>>(static provider => new ConfigureOptions<GrpcServiceOptions<InferenceService>>(
            options => GrpcSettings.Apply(options, provider.GetRequiredService<IOptions<SplitInferServerOptions>>().Value.Limits.Sizes.MaxBytes)));
        return services;
    }
}
