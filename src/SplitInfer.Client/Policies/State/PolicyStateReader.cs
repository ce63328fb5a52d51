namespace SplitInfer.Client.Policies.State;

/// <summary>Hands back, in order, the numbers that a <see cref="PolicyStateWriter"/> took, none of them unchecked.</summary>
internal sealed class PolicyStateReader(ReadOnlyMemory<double> numbers)
{
    private int _next;

    /// <exception cref="PolicyStateException">There is no further number, or it is not within the limits.</exception>
    public double Read(double min = double.MinValue, double max = double.MaxValue)
    {
        if (_next >= numbers.Length) throw new PolicyStateException("The saved policy state ends too early. Delete the file to start afresh.");
        var number = numbers.Span[_next++];
        return number >= min && number <= max
            ? number
            : throw new PolicyStateException($"The saved policy state holds {number} where {min} to {max} is expected. Delete the file to start afresh.");
    }

    /// <summary>Fills <paramref name="target"/>.</summary>
    public void Read(Span<double> target, double min = double.MinValue, double max = double.MaxValue)
    {
        for (var i = 0; i < target.Length; i++) target[i] = Read(min, max);
    }

    /// <exception cref="PolicyStateException">Numbers are left over.</exception>
    public void End()
    {
        if (_next != numbers.Length) throw new PolicyStateException("The saved policy state is longer than it should be. Delete the file to start afresh.");
    }
}
