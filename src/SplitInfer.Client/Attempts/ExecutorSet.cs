using SplitInfer.Client.Arms;
using SplitInfer.Client.Device;
using SplitInfer.Client.Servers;
using SplitInfer.Codecs;
using SplitInfer.Policies;

namespace SplitInfer.Client.Attempts;

/// <summary>The executors of a client, put together once.</summary>
internal sealed class ExecutorSet
{
    private readonly ServerSet _servers;
    private readonly IExecutor _single;

    /// <param name="servers">The servers.</param>
    /// <param name="codecs">All codecs.</param>
    /// <param name="variants">The models on the device.</param>
    /// <param name="sink">Is given the outcomes of late replies.</param>
    /// <param name="background">Owns what outlives a request.</param>
    /// <param name="rescue">What the device does for a request whose deadline is near.</param>
    /// <param name="fallsBack">Whether the device finishes what a server fails.</param>
    /// <param name="learns">Whether a policy chooses the servers and learns of them.</param>
    /// <param name="silencePatience">How long a server may show no sign of life before the device begins as well.</param>
    /// <param name="maxExtraWork">What the device may compute in vain, of all that it computes, 0 to 1.</param>
    /// <param name="arms">The arms.</param>
    /// <param name="time">The clock.</param>
    public ExecutorSet(ServerSet servers, CodecRegistry codecs, VariantSet variants, OutcomeSink sink, BackgroundWork background, DeadlineRescue rescue, bool fallsBack, bool learns, TimeSpan silencePatience, double maxExtraWork, ArmCatalog arms, TimeProvider time)
    {
        _servers = servers;
        var standIns = new StandInRule(variants, arms);
        var rest = new LocalExecutor(variants, standIns, time);
        var local = new AnytimeExecutor(new ClimbExecutor(variants, rest, standIns, time), rest, standIns, background, time);
        (StandIns, Extra, OnDevice, Ascent) = (standIns, new(maxExtraWork), local, new(variants, time));
        _single = new RemoteExecutor(servers, codecs, time);
        Remote = new FailoverExecutor(_single, servers, arms.On);
        Late = new(sink, background, time);
        // Where a policy chose the server, the device goes before another one.
        var race = new RaceExecutor(learns && fallsBack ? _single : Remote, local, Late, background, standIns, Extra, rescue, fallsBack ? new(servers, silencePatience) : null, time);
        Chosen = fallsBack ? new FallbackExecutor(race, local, standIns) : race;
        Streamed = CreateStreamed(new OrderedRemoteExecutor(_single, servers), new GatedLocalExecutor(local));

        IExecutor CreateStreamed(IExecutor ordered, IExecutor gated)
        {
            var inSilence = new RaceExecutor(ordered, gated, Late, background, standIns, Extra, DeadlineRescue.None, fallsBack ? new(servers, silencePatience) : null, time);
            return fallsBack ? new FallbackExecutor(inSilence, gated, standIns) : inSilence;
        }
    }

    /// <summary>For an arm that a policy chose.</summary>
    public IExecutor Chosen { get; }

    /// <summary>For a partition that the request named: only servers may run the tail, so that their errors show.</summary>
    public IExecutor Remote { get; }

    /// <summary>For a frame of a stream: as for an arm that a policy chose, and frames are sent one after the other and have the device one at a time.</summary>
    public IExecutor Streamed { get; }

    /// <summary>For an arm on the device, behind its exit.</summary>
    public IExecutor OnDevice { get; }

    /// <summary>Brings a request that asks for every answer on the way to its cut.</summary>
    public Ascent Ascent { get; }

    /// <summary>Bounds what the device computes in vain.</summary>
    public ExtraWork Extra { get; }

    /// <summary>Says which variant the device runs.</summary>
    public StandInRule StandIns { get; }

    /// <summary>Awaits replies that lost a race.</summary>
    public LateReplyCollector Late { get; }

    /// <summary>Sends the boundary of an attempt that has completed to the server of <see cref="Decision.Shadow"/>, if the decision has one. Does not delay the caller.</summary>
    public void SendShadow(Attempt attempt)
    {
        if (attempt.Decision.Shadow is { } arm && attempt.Result.Server != ServerOutcome.NotAsked && !_servers.All[arm.Server].Health.IsUnavailable)
            Late.CollectShadow(attempt, arm, _single, RaceModel.ShadowPatience * attempt.Total.TotalSeconds);
    }
}
