namespace SplitInfer.Cli.Commands.Ping;

/// <summary>What a server that answers says.</summary>
/// <param name="Server">Its address.</param>
/// <param name="RttMs">Median of the round trips.</param>
/// <param name="MinMs">The fastest round trip.</param>
/// <param name="MaxMs">The slowest round trip.</param>
/// <param name="Pings">How many were measured.</param>
/// <param name="Codecs">The codecs that it takes.</param>
/// <param name="Model">The model that was asked for; null where none was.</param>
/// <param name="Held">Whether the server holds it; null where none was asked for.</param>
/// <param name="ProfiledTails">Tails of it that the server has measured; null unless it holds it.</param>
/// <param name="Reason">Why it does not hold it; null where it does.</param>
internal sealed record PingLine(
    string Server, double RttMs, double MinMs, double MaxMs, int Pings, IReadOnlyList<string> Codecs, string? Model, bool? Held, int? ProfiledTails, string? Reason);
