using Microsoft.Extensions.Logging;
using SplitInfer.Codecs;

namespace SplitInfer.Server.Hosting;

/// <summary>What all connections of a server share.</summary>
internal sealed class ServerContext
{
    public ServerContext(ITailService service, CodecRegistry codecs, ServerLimits limits, TimeProvider time, ILogger log)
    {
        (Service, Codecs, Limits, Time, Log) = (service, codecs, limits, time, log);
        Held = new(limits.MaxHeldBytes);
        Queue = new(limits.MaxConcurrentRuns, limits.MaxQueuedRuns);
        Pipeline = new(this);
    }

    public ITailService Service { get; }

    public CodecRegistry Codecs { get; }

    public ServerLimits Limits { get; }

    public TimeProvider Time { get; }

    public ILogger Log { get; }

    public HeldBytes Held { get; }

    public RunQueue Queue { get; }

    public TailPipeline Pipeline { get; }
}
