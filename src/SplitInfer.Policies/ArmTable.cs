namespace SplitInfer.Policies;

/// <summary>The arms of a policy, and which of them constraints, mask and the state of the servers leave. Not thread-safe.</summary>
internal sealed class ArmTable
{
    private readonly Arm[] _arms;
    private readonly int[] _allowedRemote;
    private readonly ArmMask _mask;
    private int _masked;
    private ulong _unavailable;

    public ArmTable(PolicySetup setup)
    {
        ArgumentOutOfRangeException.ThrowIfZero(setup.Arms.Length, nameof(setup));
        _arms = [.. setup.Arms.Select(static (description, index) => description.Arm with { Index = index })];
        _allowedRemote = [.. Enumerable.Range(0, OnDevice).Where(arm => setup.Constraints.Allow(setup.Arms[arm]))];
        (CanRace, Remote, _mask) = (setup.CanRace, _allowedRemote, setup.Mask);
        Refresh(default);
    }

    /// <summary>The number of arms.</summary>
    public int Count => _arms.Length;

    /// <summary>The place of the arm that runs everything on the device, the last one.</summary>
    public int OnDevice => _arms.Length - 1;

    /// <summary>Whether a remote arm may be raced against the device.</summary>
    public bool CanRace { get; }

    /// <summary>The places of the remote arms that may be taken, rising.</summary>
    public int[] Remote { get; private set; }

    /// <summary>The arm at a place.</summary>
    public Arm this[int index] => _arms[index];

    /// <summary>
    /// Leaves out what was masked, and the arms of servers that are unavailable. Called before a decision, so that the arms stay the
    /// same while it is made. Allocates only when something has changed.
    /// </summary>
    public void Refresh(in DecisionContext context)
    {
        if (_mask.Count == _masked && context.UnavailableServers == _unavailable) return;
        (_masked, _unavailable) = (_mask.Count, context.UnavailableServers);
        Remote = [.. _allowedRemote.Where(IsUsable)];
    }

    private bool IsUsable(int arm) => !_mask.Contains(_arms[arm]) && ((_unavailable >> _arms[arm].Server) & 1) == 0;
}
