using SplitInfer.Policies;
using SplitInfer.Policies.Streams;

namespace SplitInfer.Simulation.Streams;

/// <summary>What nobody can exceed: the programme with the costs as they truly are, with every stage busy all the time and nothing to learn. Not thread-safe.</summary>
internal sealed class StreamBound
{
    private readonly StreamWorld _world;
    private readonly double[] _from;
    private readonly double[] _framesPerSecond;

    public StreamBound(StreamWorld world)
    {
        (_world, _from) = (world, [.. world.Changes]);
        _framesPerSecond = [.. _from.Select(Solve)];
    }

    /// <summary>Frames a second at a time, s.</summary>
    public double At(double seconds) => _framesPerSecond[Math.Max(0, Array.FindLastIndex(_from, from => from <= seconds))];

    /// <summary>Frames until a time, s.</summary>
    public double FramesUntil(double seconds)
    {
        var frames = 0.0;
        for (var i = 0; i < _from.Length && _from[i] < seconds; i++)
            frames += _framesPerSecond[i] * (Math.Min(seconds, i + 1 < _from.Length ? _from[i + 1] : seconds) - _from[i]);
        return frames;
    }

    private double Solve(double at)
    {
        var milliseconds = (int)(at * 1e3);
        var slowdown = _world.DeviceSlowdown.At(milliseconds);
        var routes = new List<RouteCost>();
        var tails = _world.Arms.Length - 1;
        for (var server = 0; server < _world.Servers.Length; server++)
        {
            var description = _world.Servers[server].Description;
            var link = description.Link.At(milliseconds);
            for (var i = 0; i < tails; i++)
            {
                var arm = _world.Arms[i];
                routes.Add(new(
                    (server * tails) + i, server, (arm.HeadMs + arm.EncodeMs) * slowdown / 1e3, arm.PayloadBits / (link.Mbps * 1e6), (arm.TailMs + arm.DecodeMs) * description.Slowdown.At(milliseconds) / 1e3, link.RttMs / 1e3, 0));
            }
        }

        routes.Add(new(_world.Servers.Length * tails, Arm.OnDevice, _world.Arms[^1].HeadMs * slowdown / 1e3, 0, 0, 0, 0));
        RouteCost[] all = [.. routes];
        var programme = new RouteProgramme(_world.Servers.Length, all.Length);
        programme.Solve(all, [.. all.Select(route => route.Latency > _world.MaxLatencyMs / 1e3)], [.. _world.Servers.Select(static server => (double)server.Places)], 1, double.PositiveInfinity);
        return programme.FramesPerSecond;
    }
}
