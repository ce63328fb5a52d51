using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Radzen;
using SplitInfer.Dashboard.Hosting;
using SplitInfer.Dashboard.Pages;
using SplitInfer.Dashboard.Sampling;
using SplitInfer.Server;

namespace SplitInfer.Dashboard;

/// <summary>Adds the dashboard of a server to an application.</summary>
public static class SplitInferDashboardExtensions
{
    /// <summary>Adds what the dashboard needs. It looks at the server once a second from the start of the application on, so that whoever opens the page sees the last minutes.</summary>
    /// <param name="services">The services of an application that <c>AddSplitInferServer</c> has added a server to.</param>
    /// <returns>The same services.</returns>
    public static IServiceCollection AddSplitInferDashboard(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddRazorComponents().AddInteractiveServerComponents();
        services.AddRadzenComponents();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<DashboardAssets>();
        services.TryAddSingleton<DashboardTickets>();
        if (services.Any(static service => service.ServiceType == typeof(DashboardSampler))) return services;
        services.AddSingleton<DashboardSampler>();
        return services.AddHostedService(static provider => provider.GetRequiredService<DashboardSampler>());
    }

    /// <summary>
    /// Shows the dashboard at <c>/</c>, or at the prefix of the group that it is mapped in. Where the server knows its clients by keys, whoever looks shows one, as
    /// the password of HTTP's basic authentication; else the rule for clients holds: anyone on this machine, and from others nobody without a certificate that the
    /// server trusts, unless <see cref="ServerSecurityOptions.AllowInsecure"/> is set. Users that the application has authenticated may look.
    /// </summary>
    /// <param name="endpoints">The application, or a group of it.</param>
    /// <returns>Takes conventions for all of its endpoints, such as <c>RequireAuthorization</c>.</returns>
    /// <exception cref="InvalidOperationException">The application has no server, or <see cref="AddSplitInferDashboard"/> was not called.</exception>
    public static IEndpointConventionBuilder MapSplitInferDashboard(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var services = endpoints.ServiceProvider;
        // Only looked for: creating it here would report wrong options as an error of the routes.
        if (services.GetService<IServiceProviderIsService>()?.IsService(typeof(SplitInferServer)) == false)
            throw new InvalidOperationException($"{nameof(MapSplitInferDashboard)} needs a server, and the application has none. Call builder.Services.AddSplitInferServer(…) before the application is built.");
        var assets = services.GetService<DashboardAssets>()
            ?? throw new InvalidOperationException($"{nameof(MapSplitInferDashboard)} needs services. Call builder.Services.{nameof(AddSplitInferDashboard)}() before the application is built.");
        var group = endpoints.MapGroup("");
        DashboardGate.Guard(group, services.GetRequiredService<DashboardTickets>());
        group.MapMethods($"/{DashboardAssets.Folder}/{{**path}}", [HttpMethods.Get, HttpMethods.Head], assets.SendAsync);
        // There is no form on the page, and the gate says who may frame it.
        group.MapRazorComponents<App>().AddInteractiveServerRenderMode(static options => options.ContentSecurityFrameAncestorsPolicy = null).DisableAntiforgery();
        return group;
    }
}
