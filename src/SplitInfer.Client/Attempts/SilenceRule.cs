using SplitInfer.Client.Servers;
using SplitInfer.Client.Transport;

namespace SplitInfer.Client.Attempts;

/// <summary>When the device begins beside a server that shows no sign of life, whatever the policy and the deadline say. Immutable.</summary>
/// <param name="servers">The servers.</param>
/// <param name="patience">How long a server may be silent.</param>
internal sealed class SilenceRule(ServerSet servers, TimeSpan patience)
{
    /// <summary>How long a server may be silent.</summary>
    public TimeSpan Patience => patience;

    /// <summary>The server of an attempt; null where its transport cannot tell whether it is silent.</summary>
    public ServerHandle? Watched(Attempt attempt)
    {
        var server = servers.All[attempt.Decision.Arm.Server];
        return server.TransportOf(attempt.Decision.Arm.Variant).Capabilities.HasFlag(TransportCapabilities.Silence) ? server : null;
    }

    /// <summary>How long the server that an attempt asks now may go on to be silent, at least none; the longest there is where its transport cannot tell.</summary>
    public TimeSpan LeftFor(Attempt attempt)
    {
        if (Watched(attempt) is not { } server) return TimeSpan.MaxValue;
        // The transport tells of the connection that it uses now, which is another one.
        if (attempt.Progress.IsLeftBehind) return TimeSpan.Zero;
        try
        {
            return server.TransportOf(attempt.Decision.Arm.Variant).Silence is var silence && silence < patience ? patience - silence : TimeSpan.Zero;
        }
#pragma warning disable CA1031 // A transport may be an application's own, and a timer asks: nobody else would catch its errors.
        catch (Exception)
#pragma warning restore CA1031
        {
            return TimeSpan.MaxValue;
        }
    }

    /// <summary>What a result says where the device was first.</summary>
    public ServerUnreachableException Failure(ServerHandle server) =>
        new($"The server {server.Name} showed no sign of life for {patience.TotalSeconds:0.###} s, so the device has run the rest. Check that it runs and that the network reaches it; another connection is tried.");
}
