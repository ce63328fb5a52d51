namespace SplitInfer.Simulation;

/// <summary>A server of a scenario and the link to it, over time.</summary>
public sealed record ScenarioServer
{
    /// <summary>What people call it; empty where the scenario has but one.</summary>
    public string Name { get; init; } = "";

    /// <summary>The link.</summary>
    public required Timeline<LinkState> Link { get; init; }

    /// <summary>
    /// Whether the steps of <see cref="Link"/> are at milliseconds of the simulation's clock, so that the bandwidth may change while a
    /// payload is on its way, rather than at frames. False by default.
    /// </summary>
    public bool IsLinkByClock { get; init; }

    /// <summary>How many times longer tails take. Once by default.</summary>
    public Timeline<double> Slowdown { get; init; } = new([(0, 1)]);

    /// <summary>Whether the server can be reached. Always by default.</summary>
    public Timeline<bool> Availability { get; init; } = new([(0, true)]);

    /// <summary>How long after it was sent a request fails while the server cannot be reached, ms. 100 by default.</summary>
    public double FailureMs { get; init; } = 100;

    /// <summary>The frames at which something may change.</summary>
    internal IEnumerable<int> ChangeFrames =>
        (IsLinkByClock ? [] : Link.Steps.Select(static s => s.From))
            .Concat(Slowdown.Steps.Select(static s => s.From))
            .Concat(Availability.Steps.Select(static s => s.From));

    /// <summary>Round trip and transfer of a payload, ms.</summary>
    /// <param name="bits">The payload.</param>
    /// <param name="frame">The frame.</param>
    /// <param name="startMs">When sending begins, ms of the clock.</param>
    public (double RttMs, double TransferMs) LinkMs(double bits, int frame, double startMs)
    {
        var at = IsLinkByClock ? (int)Math.Min(startMs, int.MaxValue) : frame;
        var link = Link.At(at);
        return (link.RttMs, IsLinkByClock ? TransferMs(bits, startMs) : bits / (link.Mbps * 1e3));
    }

    /// <summary>The round trip at a frame, ms.</summary>
    internal double RttMs(int frame, double clock) => Link.At(IsLinkByClock ? (int)Math.Min(clock * 1e3, int.MaxValue) : frame).RttMs;

    /// <summary>Whether a frame differs from the one before.</summary>
    internal bool IsChange(int frame) =>
        (!IsLinkByClock && Link.At(frame) != Link.At(frame - 1))
        || !Slowdown.At(frame).Equals(Slowdown.At(frame - 1))
        || Availability.At(frame) != Availability.At(frame - 1);

    // Each step carries what its bandwidth allows until the next one begins.
    private double TransferMs(double bits, double startMs)
    {
        var now = startMs;
        for (var step = Link.IndexAt((int)Math.Min(startMs, int.MaxValue)); ; step++)
        {
            var bitsPerMs = Link.Steps[step].Value.Mbps * 1e3;
            var end = step + 1 < Link.Steps.Length ? Link.Steps[step + 1].From : double.PositiveInfinity;
            var capacity = bitsPerMs * (end - now);
            if (bits <= capacity) return now + (bits / bitsPerMs) - startMs;
            (bits, now) = (bits - capacity, end);
        }
    }
}
