using System.Collections.Immutable;

namespace SplitInfer.Simulation;

/// <summary>
/// A quantity that changes in steps: each entry holds from its frame, or its millisecond, until the next one's; the first holds before
/// it, too.
/// </summary>
public sealed class Timeline<T>(ImmutableArray<(int From, T Value)> steps)
{
    /// <summary>The entries, by rising place in time.</summary>
    public ImmutableArray<(int From, T Value)> Steps { get; } = steps;

    /// <summary>What holds at a frame or millisecond.</summary>
    public T At(int time) => Steps[IndexAt(time)].Value;

    /// <summary>The place in <see cref="Steps"/> of what holds at a frame or millisecond.</summary>
    internal int IndexAt(int time)
    {
        var (low, high) = (0, Steps.Length);
        while (high - low > 1)
        {
            var middle = (low + high) / 2;
            if (Steps[middle].From <= time) low = middle;
            else high = middle;
        }

        return low;
    }
}

/// <summary>A link as it is for a while.</summary>
/// <param name="Mbps">Bandwidth, Mbit/s; 1 Mbit is a million bits.</param>
/// <param name="RttMs">Round-trip time, ms.</param>
public readonly record struct LinkState(double Mbps, double RttMs);
