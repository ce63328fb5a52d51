namespace SplitInfer.Policies;

/// <summary>The rows under which what arms have in common is learned. Rows are numbered in the order of the arms that come first in them.</summary>
internal sealed class ArmRows
{
    /// <param name="arms">The arms.</param>
    /// <param name="serverExits">By arm: the exit that its server has; 0 for none.</param>
    /// <param name="heads">The profile of their heads.</param>
    public ArmRows(Arm[] arms, int[] serverExits, HeadProfile heads)
    {
        Profile = [.. arms.Select(arm => heads.RowOf(arm.Variant, arm.Cut))];
        (Head, Heads) = Number(arms, static arm => (arm.Variant, arm.Cut));
        (Payload, Payloads) = Number(arms, static arm => (arm.Variant, arm.Cut, arm.Codec, arm.IsOnDevice));
        Tail = new int[arms.Length];
        foreach (var server in arms.Where(static arm => !arm.IsOnDevice).GroupBy(static arm => arm.Server))
        {
            Arm[] own = [.. server];
            var (rowOf, _) = Number(own, arm => (arm.Variant, arm.Cut, serverExits[arm.Index]));
            for (var i = 0; i < own.Length; i++) Tail[own[i].Index] = rowOf[i];
        }
    }

    /// <summary>By arm: the row of its head. Arms of one variant and cut share it.</summary>
    public int[] Head { get; }

    /// <summary>The number of rows of heads.</summary>
    public int Heads { get; }

    /// <summary>By arm: the row of its head in the profile, which has all cuts.</summary>
    public int[] Profile { get; }

    /// <summary>By arm: the row of its payload. Arms of one variant, cut and codec share it, whatever their server. What the device runs alone sends nothing and has others.</summary>
    public int[] Payload { get; }

    /// <summary>The number of rows of payloads.</summary>
    public int Payloads { get; }

    /// <summary>
    /// By arm: the row of its tail among those of its server. Arms of one variant, cut and exit on the server share it, whatever their codec and
    /// their exit on the device, behind which the tail is the same. Meaningless for the device.
    /// </summary>
    public int[] Tail { get; }

    private static (int[] RowOf, int Count) Number<TKey>(Arm[] arms, Func<Arm, TKey> keyOf) where TKey : notnull
    {
        var rows = new Dictionary<TKey, int>();
        var rowOf = new int[arms.Length];
        for (var arm = 0; arm < rowOf.Length; arm++)
        {
            var key = keyOf(arms[arm]);
            rowOf[arm] = rows.TryGetValue(key, out var row) ? row : rows[key] = rows.Count;
        }

        return (rowOf, rows.Count);
    }
}
