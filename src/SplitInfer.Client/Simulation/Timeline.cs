using System.Collections.Immutable;

namespace SplitInfer.Client.Simulation;

/// <summary>A quantity that changes in steps: each entry holds from its frame until the next one's; the first holds before it, too.</summary>
internal sealed class Timeline<T>(ImmutableArray<(int From, T Value)> steps)
{
    /// <summary>The entries, by rising frame.</summary>
    public ImmutableArray<(int From, T Value)> Steps { get; } = steps;

    /// <summary>What holds at a frame.</summary>
    public T At(int frame)
    {
        var value = Steps[0].Value;
        foreach (var step in Steps)
        {
            if (step.From > frame) break;
            value = step.Value;
        }

        return value;
    }
}
