namespace SplitInfer.Policies;

/// <summary>What a policy learned, as numbers that a later run can start from. Safe for use beside running requests.</summary>
public interface IPolicyState
{
    /// <summary>Number of the layout; state of another one is not restored.</summary>
    int Version { get; }

    /// <summary>Writes everything that was learned.</summary>
    void Save(PolicyStateWriter state);

    /// <summary>Takes over what <see cref="Save"/> wrote for the same arms. On an error nothing has changed.</summary>
    /// <exception cref="PolicyStateException">The numbers are not what <see cref="Save"/> writes.</exception>
    void Restore(PolicyStateReader state);
}

/// <summary>Collects the numbers that a policy learned. Not thread-safe.</summary>
public sealed class PolicyStateWriter
{
    private readonly List<double> _numbers = [];

    /// <summary>What was written, in order.</summary>
    public IReadOnlyList<double> Numbers => _numbers;

    /// <summary>Writes one number.</summary>
    public void Write(double number) => _numbers.Add(number);

    /// <summary>Writes several.</summary>
    public void Write(ReadOnlySpan<double> numbers) => _numbers.AddRange(numbers);
}

/// <summary>Hands back, in order, the numbers that a <see cref="PolicyStateWriter"/> took, none of them unchecked. Not thread-safe.</summary>
/// <param name="numbers">What was written.</param>
public sealed class PolicyStateReader(ReadOnlyMemory<double> numbers)
{
    private int _next;

    /// <summary>Whether nothing is left.</summary>
    internal bool IsAtEnd => _next == numbers.Length;

    /// <summary>Reads one number.</summary>
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
    /// <exception cref="PolicyStateException">There are too few numbers, or one is not within the limits.</exception>
    public void Read(Span<double> target, double min = double.MinValue, double max = double.MaxValue)
    {
        for (var i = 0; i < target.Length; i++) target[i] = Read(min, max);
    }

    /// <summary>Checks that nothing is left.</summary>
    /// <exception cref="PolicyStateException">Numbers are left over.</exception>
    public void End()
    {
        if (!IsAtEnd) throw new PolicyStateException("The saved policy state is longer than it should be. Delete the file to start afresh.");
    }
}

/// <summary>Saved state of a policy cannot be used: it is damaged, of another release, or of another model, server or choice of arms.</summary>
public sealed class PolicyStateException : Exception
{
    /// <summary>Creates the error.</summary>
    public PolicyStateException(string message, Exception? inner = null) : base(message, inner) { }
}
