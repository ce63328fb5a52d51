namespace SplitInfer.Client.Policies.State;

/// <summary>Collects the numbers that a policy learned.</summary>
internal sealed class PolicyStateWriter
{
    private readonly List<double> _numbers = [];

    /// <summary>What was written, in order.</summary>
    public IReadOnlyList<double> Numbers => _numbers;

    public void Write(double number) => _numbers.Add(number);

    public void Write(ReadOnlySpan<double> numbers) => _numbers.AddRange(numbers);
}
