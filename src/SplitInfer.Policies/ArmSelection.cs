namespace SplitInfer.Policies;

/// <summary>Some arms, and those of them that a request may take: accurate enough, and in time. Not thread-safe.</summary>
/// <param name="all">The places of the arms, in their order.</param>
internal sealed class ArmSelection(int[] all)
{
    private readonly int[] _fitting = new int[all.Length];
    private int _count = all.Length;
    private bool _isLimited;

    /// <summary>All of the arms, without a limit.</summary>
    public int[] All => all;

    /// <summary>The arms that may be taken now, in their order.</summary>
    public ReadOnlySpan<int> Now => _isLimited ? _fitting.AsSpan(0, _count) : all;

    /// <summary>Leaves all arms.</summary>
    public void Lift() => _isLimited = false;

    /// <summary>Leaves the arms that are accurate enough and whose heads take no longer than a request has left.</summary>
    /// <param name="limit">What a request asks for.</param>
    /// <param name="accuracies">Accuracies, by arm.</param>
    /// <param name="heads">Delays of heads, s.</param>
    /// <param name="rowOf">By arm: its place among the heads.</param>
    public void Limit(in ArmLimit limit, ReadOnlySpan<double> accuracies, ReadOnlySpan<double> heads, int[] rowOf)
    {
        (_isLimited, _count) = (true, 0);
        foreach (var arm in all)
            if (limit.Allows(accuracies[arm], heads[rowOf[arm]])) _fitting[_count++] = arm;
    }
}

/// <summary>What a request asks of arms.</summary>
/// <param name="MinAccuracy">The least accuracy.</param>
/// <param name="Seconds">What the request has left, s.</param>
internal readonly record struct ArmLimit(double MinAccuracy, double Seconds)
{
    /// <summary>Accuracies are sums and products, which rounding may leave a hair below what was asked for.</summary>
    private const double Rounding = 1e-9;

    /// <summary>Allows every arm.</summary>
    public static ArmLimit None => new(double.NegativeInfinity, double.PositiveInfinity);

    /// <summary>Whether an arm may be taken.</summary>
    /// <param name="accuracy">Its accuracy.</param>
    /// <param name="head">Delay of its head, s.</param>
    public bool Allows(double accuracy, double head) => IsAccurate(accuracy) && !(head > Seconds);

    /// <summary>The least accuracy that is enough.</summary>
    public double LeastAccuracy => MinAccuracy - Rounding;

    /// <summary>Whether an arm is accurate enough.</summary>
    public bool IsAccurate(double accuracy) => accuracy >= LeastAccuracy;
}
