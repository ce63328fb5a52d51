using System.Globalization;
using SplitInfer.Fleet;

namespace SplitInfer.Cli.Commands.Coordinate;

/// <summary>A silo that is ready.</summary>
/// <param name="Region">The region that it coordinates.</param>
/// <param name="Silo">Where other silos reach it.</param>
/// <param name="Gateway">Where servers reach it.</param>
/// <param name="Coordinate">What servers name as <c>--coordinate</c>.</param>
internal sealed record CoordinatorLine(string Region, string Silo, string Gateway, string Coordinate)
{
    public static CoordinatorLine Of(FleetOptions fleet)
    {
        var host = fleet.Address.Contains(':', StringComparison.Ordinal) ? $"[{fleet.Address}]" : fleet.Address;
        var gateway = string.Create(CultureInfo.InvariantCulture, $"{host}:{fleet.GatewayPort}");
        // What stands behind commas is how this machine reaches Redis, a password perhaps.
        return new(fleet.Region, string.Create(CultureInfo.InvariantCulture, $"{host}:{fleet.SiloPort}"), gateway, fleet.Redis is { } redis ? $"redis://{redis.Split(',')[0]}/{fleet.Region}" : $"orleans://{gateway}/{fleet.Region}");
    }
}
