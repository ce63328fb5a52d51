namespace SplitInfer.Policies;

/// <summary>Some arms, and those of them that fit into the time that a request has left. Not thread-safe.</summary>
/// <param name="all">The places of the arms, in their order.</param>
internal sealed class ArmSelection(int[] all)
{
    private readonly int[] _fitting = new int[all.Length];
    private int _count = all.Length;
    private bool _isLimited;

    /// <summary>All of the arms, without a limit of time.</summary>
    public int[] All => all;

    /// <summary>The arms that may be taken now, in their order.</summary>
    public ReadOnlySpan<int> Now => _isLimited ? _fitting.AsSpan(0, _count) : all;

    /// <summary>Leaves all arms.</summary>
    public void Lift() => _isLimited = false;

    /// <summary>Leaves the arms whose heads take no longer than a request has left.</summary>
    /// <param name="remaining">What it has left, s.</param>
    /// <param name="heads">Delays of heads, s.</param>
    /// <param name="rowOf">By arm: its place among the heads.</param>
    public void Limit(double remaining, ReadOnlySpan<double> heads, int[] rowOf)
    {
        (_isLimited, _count) = (true, 0);
        foreach (var arm in all)
            if (!(heads[rowOf[arm]] > remaining)) _fitting[_count++] = arm;
    }
}
