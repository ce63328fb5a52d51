using Microsoft.Extensions.Logging;
using SplitInfer.Codecs;
using SplitInfer.Server.Connections;
using SplitInfer.Server.Models;
using SplitInfer.Server.Scheduling;

namespace SplitInfer.Server;

/// <summary>Puts a server together, and gives each part what it needs of the options.</summary>
internal static class ServerComposition
{
    /// <summary>A server of the models in a registry, which stays the caller's. It does not listen yet.</summary>
    public static FrameServer CreateFrameServer(IModelRegistry models, CodecRegistry codecs, ServerLimits limits, TimeProvider time, ILogger log) => new(new(
        models, codecs, new FifoScheduler(new TailRunner(time), limits.MaxConcurrentRuns, limits.MaxQueuedRuns, time), new(limits.MaxHeldBytes),
        new(limits.MaxConnections, limits.MaxInFlightPerConnection, limits.MaxOpenModelsPerConnection, limits.Sizes, limits.HandshakeTimeout, limits.StallTimeout), time, log));
}
