namespace SplitInfer.Server.Access;

/// <summary>What the clients of one key may take together, as composition fills it from <see cref="ServerLimits"/>, which says what each limit means.</summary>
/// <param name="MaxConnections">Connections at a time.</param>
/// <param name="MaxInFlight">Requests at a time.</param>
/// <param name="MaxRequestsPerSecond">Requests a second; null for no limit.</param>
internal sealed record KeyLimits(int MaxConnections, int MaxInFlight, double? MaxRequestsPerSecond);
