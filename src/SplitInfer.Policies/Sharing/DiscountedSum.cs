namespace SplitInfer.Policies.Sharing;

/// <summary>A sum whose parts count for less the longer ago they were added: after <paramref name="memorySeconds"/> for 1/e. Not thread-safe.</summary>
/// <param name="memorySeconds">How long what is added counts, s.</param>
internal struct DiscountedSum(double memorySeconds)
{
    private double _sum;
    private double _at;

    /// <summary>The sum at a time, s of any clock that does not go back.</summary>
    public readonly double At(double now) => _sum * Math.Exp(-Math.Max(now - _at, 0) / memorySeconds);

    /// <summary>Adds to it.</summary>
    public void Add(double amount, double now) => (_sum, _at) = (At(now) + amount, Math.Max(now, _at));
}
