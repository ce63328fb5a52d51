namespace SplitInfer.Policies;

/// <summary>
/// The arms of a policy, the rows under which what they have in common is learned, and which of them constraints, mask and the state
/// of the servers leave. Not thread-safe.
/// </summary>
internal sealed class ArmTable
{
    /// <summary>The most arms that are explored, and how many of each server are however many servers there are.</summary>
    private const int MaxExplored = 64, MinExploredOfServer = 8;

    private readonly Arm[] _arms;
    private readonly int[][] _allowedOf;
    private readonly int[][] _remoteOf;
    private readonly int[][] _exploredOf;
    private readonly PolicySetup _setup;
    private readonly ArmMask _mask;
    private int _masked;
    private ulong _unavailable;

    public ArmTable(PolicySetup setup)
    {
        ArgumentOutOfRangeException.ThrowIfZero(setup.Arms.Length, nameof(setup));
        _arms = [.. setup.Arms.Select(static (description, index) => description.Arm with { Index = index })];
        (CanRace, _setup, _mask) = (setup.CanRace, setup, setup.Mask);
        Servers = _arms.Max(static arm => arm.Server) + 1;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Servers, 64, nameof(setup));
        _allowedOf = [.. Enumerable.Range(0, Servers).Select(server => Enumerable.Range(0, OnDevice).Where(arm => _arms[arm].Server == server && setup.Constraints.Allow(setup.Arms[arm])).ToArray())];
        (_remoteOf, _exploredOf) = ([.. _allowedOf], [.. _allowedOf]);
        (HeadRow, HeadRows) = Rows(static arm => (arm.Variant, arm.Cut));
        (PayloadRow, PayloadRows) = Rows(static arm => (arm.Variant, arm.Cut, arm.Codec));
        TailRow = new int[_arms.Length];
        for (var server = 0; server < Servers; server++)
        {
            var rows = new Dictionary<(int, int, int, int), int>();
            for (var arm = 0; arm < OnDevice; arm++)
            {
                var key = (_arms[arm].Variant, _arms[arm].Cut, _arms[arm].Codec, _arms[arm].Exit);
                if (_arms[arm].Server == server) TailRow[arm] = rows.TryGetValue(key, out var row) ? row : rows[key] = rows.Count;
            }
        }

        (_masked, Remote) = (_mask.Count, []);
        Select();
    }

    /// <summary>The number of arms.</summary>
    public int Count => _arms.Length;

    /// <summary>The number of servers.</summary>
    public int Servers { get; }

    /// <summary>The place of the arm that runs everything on the device, the last one.</summary>
    public int OnDevice => _arms.Length - 1;

    /// <summary>Whether a remote arm may be raced against the device.</summary>
    public bool CanRace { get; }

    /// <summary>By arm: the row of its head. Arms of one variant and cut share it.</summary>
    public int[] HeadRow { get; }

    /// <summary>The number of rows of heads.</summary>
    public int HeadRows { get; }

    /// <summary>By arm: the row of its payload. Arms of one variant, cut and codec share it, whatever their server.</summary>
    public int[] PayloadRow { get; }

    /// <summary>The number of rows of payloads.</summary>
    public int PayloadRows { get; }

    /// <summary>By arm: the row of its tail among those of its server. Meaningless for <see cref="OnDevice"/>.</summary>
    public int[] TailRow { get; }

    /// <summary>The places of the remote arms that may be taken, rising within each server.</summary>
    public int[] Remote { get; private set; }

    /// <summary>The arm at a place.</summary>
    public Arm this[int index] => _arms[index];

    /// <summary>The places of a server's arms that may be taken, rising.</summary>
    public int[] RemoteOf(int server) => _remoteOf[server];

    /// <summary>
    /// The places of those of a server's arms that are worth exploring, rising: all of them where there are few, else those that are
    /// the fastest in most circumstances (<see cref="ArmPruning"/>).
    /// </summary>
    public int[] ExploredOf(int server) => _exploredOf[server];

    /// <summary>
    /// Leaves out what was masked, and the arms of servers that are unavailable. Called before a decision, so that the arms stay the
    /// same while it is made. Allocates only when something has changed.
    /// </summary>
    public void Refresh(in DecisionContext context)
    {
        if (_mask.Count == _masked && context.UnavailableServers == _unavailable) return;
        (_masked, _unavailable) = (_mask.Count, context.UnavailableServers);
        Select();
    }

    private void Select()
    {
        for (var server = 0; server < Servers; server++)
            _remoteOf[server] = IsAvailable(server) ? [.. _allowedOf[server].Where(arm => !_mask.Contains(_arms[arm]))] : [];
        Remote = [.. _remoteOf.SelectMany(static arms => arms)];
        for (var server = 0; server < Servers; server++)
            _exploredOf[server] = Remote.Length <= MaxExplored ? _remoteOf[server] : ArmPruning.Winners(_setup.Arms, _remoteOf[server], _setup.Heads, Math.Max(MinExploredOfServer, MaxExplored / Servers));
    }

    private bool IsAvailable(int server) => ((_unavailable >> server) & 1) == 0;

    // Rows are numbered in the order of the arms that come first in them.
    private (int[] RowOf, int Count) Rows<TKey>(Func<Arm, TKey> keyOf) where TKey : notnull
    {
        var rows = new Dictionary<TKey, int>();
        var rowOf = new int[_arms.Length];
        for (var arm = 0; arm < rowOf.Length; arm++)
        {
            var key = keyOf(_arms[arm]);
            rowOf[arm] = rows.TryGetValue(key, out var row) ? row : rows[key] = rows.Count;
        }

        return (rowOf, rows.Count);
    }
}
