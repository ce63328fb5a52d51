namespace SplitInfer.Tailoring.Tests;

/// <summary>Keeps what is reported, at once.</summary>
internal sealed class ListProgress<T> : IProgress<T>
{
    private readonly List<T> _values = [];

    public IReadOnlyList<T> Values
    {
        get { lock (_values) return [.. _values]; }
    }

    public void Report(T value)
    {
        lock (_values) _values.Add(value);
    }
}
