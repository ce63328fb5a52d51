using SplitInfer.Policies;
using SplitInfer.Policies.Streams;

namespace SplitInfer.Simulation.Streams;

/// <summary>The stages of a world: a device and links that take one frame at a time, in order, and servers with places. A frame's way through them is an event for each.</summary>
internal sealed class StreamStages
{
    private readonly StreamWorld _world;
    private readonly StreamClock _clock;
    private readonly int _tails;
    private readonly double[] _linkFree;
    private readonly double[][] _placeFree;
    private double _deviceFree;

    public StreamStages(StreamWorld world, StreamClock clock)
    {
        (_world, _clock, _tails) = (world, clock, world.Arms.Length - 1);
        _linkFree = new double[world.Servers.Length];
        _placeFree = [.. world.Servers.Select(static server => new double[server.Places])];
    }

    /// <summary>The round trip to a server now, s, as a probe finds it.</summary>
    public double RoundTrip(int server, int probe) =>
        new FrameNoise(_world.Seed, probe).Apply(NoiseTerm.Probe, _world.Servers[server].Description.LinkMs(1, 0, _clock.Now * 1e3).RttMs, _world.Noise, server) / 1e3;

    /// <summary>A frame whose route was chosen now begins. Its end is told.</summary>
    public void Begin(in StreamDecision decision, int frame, Action<StageTimes> ended)
    {
        // The device is the first stage and takes frames in order, so until when it is occupied is known at once.
        var (truth, noise, chosen) = (ArmOf(decision.Arm), new FrameNoise(_world.Seed, frame), decision);
        var began = Math.Max(_clock.Now, _deviceFree);
        var slowdown = _world.DeviceSlowdown.At(Milliseconds(began));
        var left = began + (noise.Apply(NoiseTerm.Head, (truth.HeadMs + truth.EncodeMs) * slowdown, _world.Noise) / 1e3);
        _deviceFree = left;
        var times = new StageTimes { Decision = decision, QueuedAt = _clock.Now, DeviceBegan = began, DeviceEnded = left, SendBegan = double.NaN, RepliedAt = double.NaN };
        if (decision.Arm.IsOnDevice) _clock.At(left, () => ended(times));
        else _clock.At(left, () => Send(times with { SendBegan = left, Bits = truth.PayloadBits }, truth, noise, ended));
    }

    private void Send(StageTimes times, ScenarioArm truth, FrameNoise noise, Action<StageTimes> ended)
    {
        var index = times.Decision.Arm.Server;
        var server = _world.Servers[index].Description;
        var began = Math.Max(_clock.Now, _linkFree[index]);
        var bits = noise.Apply(NoiseTerm.Transfer, truth.PayloadBits, _world.Noise, index);
        var (rttMs, transferMs) = server.LinkMs(bits, 0, began * 1e3);
        var half = noise.Apply(NoiseTerm.RoundTrip, rttMs, _world.Noise, index) / 2e3;
        var left = _linkFree[index] = began + (transferMs / 1e3);
        _clock.At(left + half, () => Serve(times, truth, noise, half, ended));
    }

    private void Serve(StageTimes times, ScenarioArm truth, FrameNoise noise, double half, Action<StageTimes> ended)
    {
        var index = times.Decision.Arm.Server;
        var places = _placeFree[index];
        var place = Array.IndexOf(places, places.Min());
        var began = Math.Max(_clock.Now, places[place]);
        var slowdown = _world.Servers[index].Description.Slowdown.At(Milliseconds(began));
        places[place] = began + (noise.Apply(NoiseTerm.Tail, (truth.TailMs + truth.DecodeMs) * slowdown, _world.Noise, index) / 1e3);
        var replied = times with
        {
            RepliedAt = places[place] + half,
            ServerSeconds = places[place] - _clock.Now,
            ServerQueueSeconds = began - _clock.Now,
            ServerPlaces = places.Length,
        };
        _clock.At(replied.RepliedAt, () => ended(replied));
    }

    private ScenarioArm ArmOf(in Arm arm) => arm.IsOnDevice ? _world.Arms[_tails] : _world.Arms[arm.Index % _tails];

    private static int Milliseconds(double seconds) => (int)Math.Min(seconds * 1e3, int.MaxValue);
}
