using SplitInfer.Tensors;

namespace SplitInfer.Server.Connections;

/// <summary>What connections may take of a server, as composition fills it from <see cref="ServerLimits"/>, which says what each limit means.</summary>
/// <param name="MaxConnections">Connections at a time.</param>
/// <param name="MaxConnectionsPerMachine">Connections from one machine at a time.</param>
/// <param name="MaxInFlight">Requests at a time on one connection.</param>
/// <param name="MaxOpenModels">Models that one connection may have open at a time.</param>
/// <param name="MaxHeldBytesPerConnection">Bytes of boundaries and outputs that the requests of one connection may come to at a time.</param>
/// <param name="MaxHeldBytesPerMachine">Bytes that the connections from one machine may hold at a time.</param>
/// <param name="Sizes">Sizes of the tensors of one request.</param>
/// <param name="HandshakeTimeout">How long a client may take for its first message.</param>
/// <param name="StallTimeout">How long a client may stop in the middle of a message, or not take its replies.</param>
internal sealed record ConnectionLimits(
    int MaxConnections, int MaxConnectionsPerMachine, int MaxInFlight, int MaxOpenModels, long MaxHeldBytesPerConnection, long MaxHeldBytesPerMachine, SizeLimits Sizes,
    TimeSpan HandshakeTimeout, TimeSpan StallTimeout);
