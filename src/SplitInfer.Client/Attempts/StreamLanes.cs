using System.Collections.Immutable;
using SplitInfer.Client.Device;
using SplitInfer.Client.Servers;
using SplitInfer.Policies;

namespace SplitInfer.Client.Attempts;

/// <summary>The device and the ways to the servers, as the frames of all streams of a client share them. Thread-safe.</summary>
/// <param name="servers">The number of servers.</param>
/// <param name="time">The clock.</param>
internal sealed class StreamLanes(int servers, TimeProvider time)
{
    private readonly DeviceGate _device = new();
    private readonly ImmutableArray<SendOrder> _servers = [.. Enumerable.Range(0, servers).Select(static _ => new SendOrder())];
    private long _frames;

    /// <summary>Gives a frame its place, behind those that have one. The caller disposes it.</summary>
    /// <param name="arm">What was chosen for the frame.</param>
    public FrameLane Open(in Arm arm) => new(_device, Interlocked.Increment(ref _frames), arm.IsOnDevice ? null : _servers[arm.Server].Ask(), time);
}
