namespace SplitInfer.Client.Policies;

/// <summary>The arms of a policy with their places set, and which of them the user's constraints and the mask leave. Not thread-safe.</summary>
internal sealed class ArmTable
{
    private readonly Arm[] _arms;
    private readonly bool[] _allowed;
    private readonly ArmMask _mask;
    private int _masked;

    /// <exception cref="PolicyOptionException">The constraints leave no arm.</exception>
    public ArmTable(PolicySetup setup)
    {
        ArgumentOutOfRangeException.ThrowIfZero(setup.Arms.Length, nameof(setup));
        _arms = [.. setup.Arms.Select(static (profile, index) => profile.Arm with { Index = index })];
        _allowed = [.. setup.Arms.Select((profile, index) => setup.Constraints.Allow(profile, index == OnDevice))];
        if (!_allowed.Contains(true))
            throw new PolicyOptionException("The constraints leave no partition to choose from. Allow more device memory, more upload or more codecs.");
        CanRace = setup.CanRace && AllowsOnDevice;
        Remote = [.. Enumerable.Range(0, OnDevice).Where(arm => _allowed[arm])];
        _mask = setup.Mask;
        Refresh();
    }

    /// <summary>The number of arms.</summary>
    public int Count => _arms.Length;

    /// <summary>The place of the arm that runs everything on the device.</summary>
    public int OnDevice => _arms.Length - 1;

    /// <summary>Whether everything may run on the device.</summary>
    public bool AllowsOnDevice => _allowed[OnDevice];

    /// <summary>Whether a remote arm may be raced against the device.</summary>
    public bool CanRace { get; }

    /// <summary>The places of the other arms that may be taken, rising.</summary>
    public int[] Remote { get; private set; }

    /// <summary>Leaves out what was masked since the last time. Called before a decision, so that the arms stay the same while it is made.</summary>
    public void Refresh()
    {
        if (_mask.Count is var count && count == _masked) return;
        _masked = count;
        int[] left = [.. Remote.Where(arm => !_mask.Contains(_arms[arm].Partition.Index))];
        // Something must be left to take, even if it fails.
        if (left.Length > 0 || AllowsOnDevice) Remote = left;
    }

    /// <summary>The arm at a place.</summary>
    public Arm this[int index] => _arms[index];
}
