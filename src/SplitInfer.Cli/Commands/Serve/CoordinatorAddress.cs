using Microsoft.Extensions.DependencyInjection;
using SplitInfer.Fleet;

namespace SplitInfer.Cli.Commands.Serve;

/// <summary>What <c>serve --coordinate</c> takes.</summary>
internal static class CoordinatorAddress
{
    /// <summary>The coordinator in this process, which a server has unless another one is named.</summary>
    public const string Local = "local";

    /// <summary>What is wrong with a value, to follow its name; null where it can be used.</summary>
    public static string? FaultOf(string value)
    {
        if (value == Local) return null;
        try
        {
            OptionsOf(value).Validate();
            return null;
        }
        catch (ArgumentException)
        {
            // The value may hold a password, and is not repeated.
            return $"takes redis://HOST:PORT/REGION for silos that are found through Redis, orleans://HOST:PORT/REGION for one silo and the port of its gateway, or {Local}.";
        }
    }

    /// <summary>The value without a password.</summary>
    public static string Shown(string value) =>
        Uri.TryCreate(value, UriKind.Absolute, out var address) && address.UserInfo.Length > 0 ? address.GetComponents(UriComponents.AbsoluteUri & ~UriComponents.UserInfo, UriFormat.UriEscaped) : value;

    /// <summary>Has the server ask a coordinator, unless that is its own.</summary>
    public static void Add(IServiceCollection services, string? value)
    {
        if (value is null or Local) return;
        var options = OptionsOf(value);
        services.AddFleetCoordination(fleet => fleet.Coordinator = options.Coordinator);
    }

    private static FleetClientOptions OptionsOf(string value) => new() { Coordinator = Uri.TryCreate(value, UriKind.Absolute, out var address) ? address : null };
}
