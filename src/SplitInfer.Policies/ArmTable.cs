namespace SplitInfer.Policies;

/// <summary>
/// The arms of a policy, and which of them may be taken: constraints, mask, the state of the servers and the time that a request has left
/// exclude some. Not thread-safe.
/// </summary>
internal sealed class ArmTable
{
    /// <summary>The most arms that are explored, and how many of each server are however many servers there are.</summary>
    private const int MaxExplored = 64, MinExploredOfServer = 8;

    /// <summary>In place of a variant: none is asked for.</summary>
    private const int AnyVariant = -1;

    /// <summary>In place of the accuracy of an arm of another variant than the one that is asked for: it is never enough.</summary>
    private const double OtherVariant = -1;

    private readonly Arm[] _arms;
    private readonly double[] _accuracies;
    private readonly double[] _ofVariant;
    private double[] _asked;
    private readonly int[] _localOf;
    private readonly int[][] _allowedOf;
    private readonly ArmSelection[] _remoteOf;
    private readonly ArmSelection[] _exploredOf;
    private readonly int[][] _counterpartsOf;
    private readonly bool[] _mayBeTaken;
    private readonly double[] _wholes;
    private readonly bool[] _isForced;
    private readonly bool[] _isOffered;
    private readonly bool _withExits;
    private readonly PolicySetup _setup;
    private readonly ArmMask _mask;
    private readonly double _leastAccurate;
    private ArmSelection _remote = new([]);
    private ArmLimit _limit = ArmLimit.None;
    private double _mostAccurate;
    private double _mostAccurateOfVariant;
    private int _variant = AnyVariant;
    private bool _isLimited;
    private bool _offersForced;
    private int _masked;
    private ulong _unavailable;

    /// <param name="setup">What the policy starts from.</param>
    /// <param name="withExits">Whether the policy knows what an exit on the device is. Without, arms that have one are never offered.</param>
    /// <exception cref="ArgumentException">The arms are not in the order that <see cref="PolicySetup.Arms"/> asks for, or their exits make no sense.</exception>
    public ArmTable(PolicySetup setup, bool withExits = false)
    {
        ArgumentOutOfRangeException.ThrowIfZero(setup.Arms.Length, nameof(setup));
        ExitRules.Check(setup.Arms);
        _withExits = withExits;
        _arms = [.. setup.Arms.Select(static (description, index) => description.Arm with { Index = index })];
        _accuracies = [.. setup.Arms.Select(static description => description.Accuracy)];
        (_asked, _ofVariant) = (_accuracies, new double[_accuracies.Length]);
        (CanRace, _setup, _mask) = (setup.CanRace, setup, setup.Mask);
        Servers = _arms.Max(static arm => arm.Server) + 1;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Servers, 64, nameof(setup));
        Remotes = Array.FindIndex(_arms, static arm => arm.IsOnDevice);
        if (Remotes < 0 || !Array.TrueForAll(_arms[Remotes..], static arm => arm.IsOnDevice)) throw new ArgumentException("The arms that run everything on the device must come last, and there must be one.", nameof(setup));
        OnDevice = Main;
        _wholes = new double[Count - Remotes];
        _localOf = [.. _arms.Select(arm => Array.FindLastIndex(_arms, local => local is { IsOnDevice: true, Exit: 0 } && local.Variant == arm.Variant))];
        _isForced = [.. setup.Arms.Select(static description => description.ExitRate >= 1)];
        _isOffered = new bool[_arms.Length];
        _leastAccurate = _accuracies.Min();
        _allowedOf = [.. Enumerable.Range(0, Servers).Select(server => Enumerable.Range(0, Remotes).Where(arm => _arms[arm].Server == server && (withExits || setup.Arms[arm].DeviceExit == 0) && setup.Constraints.Allow(setup.Arms[arm])).ToArray())];
        (_remoteOf, _exploredOf) = (new ArmSelection[Servers], new ArmSelection[Servers]);
        Rows = new(_arms, [.. setup.Arms.Select(static description => description.ServerExit)], setup.Heads);
        (_masked, _mayBeTaken) = (_mask.Changes, new bool[_arms.Length]);
        var places = Enumerable.Range(0, Remotes).ToDictionary(place => _arms[place] with { Index = 0 });
        _counterpartsOf = [.. Enumerable.Range(0, Servers).Select(server => _arms.Select(arm => places.GetValueOrDefault(arm with { Index = 0, Server = server }, -1)).ToArray())];
        Select();
    }

    /// <summary>The number of arms.</summary>
    public int Count => _arms.Length;

    /// <summary>The number of servers.</summary>
    public int Servers { get; }

    /// <summary>The number of arms that use a server. They come first; those after them run everything on the device.</summary>
    public int Remotes { get; }

    /// <summary>The place of the arm that runs everything of the main variant on the device, the last one.</summary>
    public int Main => _arms.Length - 1;

    /// <summary>
    /// The place of the arm that stands for the device: of those that run everything there, the fastest that the request may take, in the mean. Where there
    /// is one, it is that.
    /// </summary>
    public int OnDevice { get; private set; }

    /// <summary>Whether a remote arm may be raced against the device.</summary>
    public bool CanRace { get; }

    /// <summary>The rows under which what arms have in common is learned.</summary>
    public ArmRows Rows { get; }

    /// <summary>
    /// Whether the device may run everything. It may unless what it can run is not accurate enough or takes longer than the request has left, and
    /// some other arm may be taken.
    /// </summary>
    public bool AllowsDevice { get; private set; } = true;

    /// <summary>The least accuracy that an arm of the request may have; negative infinity where all arms have it.</summary>
    public double LeastAccuracy => new ArmLimit(MinAccuracy, 0).LeastAccuracy;

    /// <summary>The highest accuracy of the arms that can be used.</summary>
    public double MostAccurate => _mostAccurate;

    /// <summary>The accuracy that the request asks for, as far as there is an arm that has it; negative infinity where all arms have it.</summary>
    private double MinAccuracy { get; set; } = double.NegativeInfinity;

    /// <summary>The places of the remote arms that may be taken, rising within each server.</summary>
    public ReadOnlySpan<int> Remote => _remote.Now;

    /// <summary>The arm at a place.</summary>
    public Arm this[int index] => _arms[index];

    /// <summary>Accuracies, by arm.</summary>
    public ReadOnlySpan<double> Accuracies => _accuracies;

    /// <summary>Whether a local arm may be taken: it is accurate enough and takes no longer than the request has left, or no other arm could be taken.</summary>
    public bool MayRun(int local) => AllowsDevice && IsOffered(local) && _limit.Allows(_asked[local], _wholes[local - Remotes]);

    /// <summary>Whether an arm is as accurate as the request asks for, and of the variant that it asks for.</summary>
    public bool IsAccurate(int arm) => new ArmLimit(MinAccuracy, 0).IsAccurate(_asked[arm]);

    /// <summary>Whether a remote arm is neither excluded nor of a server that is not available. It may be less accurate than the request asks for.</summary>
    public bool MayBeTaken(int arm) => _mayBeTaken[arm];

    /// <summary>
    /// Whether the device can run a local arm at all. By least time, an exit that is forced is offered only to requests that say how accurate an answer
    /// has to be: it is the fastest arm of all, and others do not ask for a poor answer.
    /// </summary>
    public bool IsOffered(int local) => _isOffered[local] && (_offersForced || !_isForced[local]);

    /// <summary>Whether an arm has an exit that answers whatever its confidence.</summary>
    public bool IsForced(int arm) => _isForced[arm];

    /// <summary>The place of the arm that runs the variant of another one on the device without an exit; −1 if there is none. It may be less accurate than the request asks for.</summary>
    public int LocalOf(int arm) => _localOf[arm];

    /// <summary>
    /// Whether the device can go on from the cut of a remote arm to what a local arm of the same variant does: the exit of that one, if any, is not behind it
    /// already, nor the one that has just left the request to the server.
    /// </summary>
    public bool CanGoOn(int arm, int local) =>
        _arms[local].Exit == 0 || _arms[local].Cut > _arms[arm].Cut || (_arms[local].Cut == _arms[arm].Cut && _arms[local].Exit != _arms[arm].Exit);

    /// <summary>The place of the arm that differs from another one in its server alone; −1 if there is none that may be taken.</summary>
    public int CounterpartOf(int arm, int server) => _counterpartsOf[server][arm] is >= 0 and var counterpart && _mayBeTaken[counterpart] ? counterpart : -1;

    /// <summary>The places of a server's arms that may be taken, rising.</summary>
    public ReadOnlySpan<int> RemoteOf(int server) => _remoteOf[server].Now;

    /// <summary>
    /// The places of those of a server's arms that are worth exploring, rising: all of them where there are few, else those that are
    /// the fastest in most circumstances (<see cref="ArmPruning"/>). There are some wherever the server has arms that may be taken.
    /// </summary>
    public ReadOnlySpan<int> ExploredOf(int server) => _exploredOf[server].Now is { Length: > 0 } explored ? explored : RemoteOf(server);

    /// <summary>
    /// Determines which arms may be taken, by the heads as they were profiled. Called before a decision, so that the arms stay the same
    /// while it is made. Allocates only when the mask or the available servers have changed.
    /// </summary>
    public void Refresh(in DecisionContext context) => Refresh(context, _setup.Heads.Current.Seconds, Rows.Profile, costs: []);

    /// <summary>The same by the heads as they are now.</summary>
    /// <param name="context">What is known of the request.</param>
    /// <param name="heads">Delays of heads, s.</param>
    /// <param name="rowOf">By arm: its place among the heads.</param>
    /// <param name="costs">By arm: what it costs in the mean, s, for those that run everything on the device; empty where heads say that.</param>
    public void Refresh(in DecisionContext context, ReadOnlySpan<double> heads, int[] rowOf, ReadOnlySpan<double> costs)
    {
        if (_mask.Changes != _masked || context.UnavailableServers != _unavailable)
        {
            (_masked, _unavailable) = (_mask.Changes, context.UnavailableServers);
            Select();
        }

        // By the deadline, an arm is chosen by the probability that it is in time.
        var remaining = context.Objective == Objective.MostAccurateBy ? null : context.RemainingSeconds;
        _offersForced = context.Objective == Objective.MostAccurateBy || context.MinAccuracy > 0;
        for (var local = Remotes; local < Count; local++) _wholes[local - Remotes] = heads[rowOf[WholeOf(local)]];
        Ask(context is { Objective: Objective.Experience, Variant: { } variant } ? variant : AnyVariant);
        MinAccuracy = _asked == _ofVariant ? Math.Min(Math.Max(context.MinAccuracy, 0), _mostAccurateOfVariant)
            : context.MinAccuracy > _leastAccurate ? Math.Min(context.MinAccuracy, _mostAccurate) : double.NegativeInfinity;
        if (remaining is not null || !double.IsNegativeInfinity(MinAccuracy)) Limit(remaining ?? double.PositiveInfinity, heads, rowOf);
        else if (_isLimited) Lift();
        if (Remotes < Main) OnDevice = FastestLocal(costs);
    }

    /// <summary>The place of the arm whose head is what a local arm takes at most: where an exit does not answer, the device goes on to the end.</summary>
    public int WholeOf(int local) => _arms[local].Exit == 0 || _isForced[local] ? local : _localOf[local];

    // Where no arm of the variant can be used, it is as if none had been asked for.
    private void Ask(int variant)
    {
        if (variant == _variant) return;
        (_variant, _asked, _mostAccurateOfVariant) = (variant, _accuracies, OtherVariant);
        if (variant == AnyVariant) return;
        for (var arm = 0; arm < Count; arm++)
        {
            _ofVariant[arm] = _arms[arm].Variant == variant ? _accuracies[arm] : OtherVariant;
            if (arm >= Remotes ? _isOffered[arm] : _mayBeTaken[arm]) _mostAccurateOfVariant = Math.Max(_mostAccurateOfVariant, _ofVariant[arm]);
        }

        if (_mostAccurateOfVariant >= 0) _asked = _ofVariant;
    }

    private ArmLimit AccuracyLimit => new(MinAccuracy, double.PositiveInfinity);

    // What cannot even have run its head when the deadline passes is left out, unless that is everything.
    private void Limit(double remaining, ReadOnlySpan<double> heads, int[] rowOf)
    {
        if (Try(new(MinAccuracy, remaining), heads, rowOf)) return;
        if (double.IsNegativeInfinity(MinAccuracy)) Lift();
        else Try(AccuracyLimit, heads, rowOf);
    }

    // False where no arm is left.
    private bool Try(in ArmLimit limit, ReadOnlySpan<double> heads, int[] rowOf)
    {
        var allowsDevice = false;
        for (var local = Remotes; local < Count && !allowsDevice; local++) allowsDevice = IsOffered(local) && limit.Allows(_asked[local], _wholes[local - Remotes]);
        _remote.Limit(limit, _asked, heads, rowOf);
        if (Remote.Length == 0 && !allowsDevice) return false;
        (_isLimited, AllowsDevice, _limit) = (true, allowsDevice, limit);
        for (var server = 0; server < Servers; server++)
        {
            _remoteOf[server].Limit(limit, _asked, heads, rowOf);
            _exploredOf[server].Limit(limit, _asked, heads, rowOf);
        }

        return true;
    }

    // Where none is accurate enough, the fastest of all; AllowsDevice says that it may not be taken.
    private int FastestLocal(ReadOnlySpan<double> costs)
    {
        ReadOnlySpan<double> seconds = costs.IsEmpty ? _wholes : costs[Remotes..];
        var (fastest, isAccurate) = (Main, IsAccurate(Main));
        for (var local = Remotes; local < Main; local++)
        {
            if (!IsOffered(local)) continue;
            var accurate = IsAccurate(local);
            if (accurate == isAccurate ? seconds[local - Remotes] < seconds[fastest - Remotes] : accurate) (fastest, isAccurate) = (local, accurate);
        }

        return fastest;
    }

    private void Lift()
    {
        (_isLimited, AllowsDevice, _limit) = (false, true, ArmLimit.None);
        _remote.Lift();
        for (var server = 0; server < Servers; server++)
        {
            _remoteOf[server].Lift();
            _exploredOf[server].Lift();
        }
    }

    private void Select()
    {
        for (var server = 0; server < Servers; server++)
            _remoteOf[server] = new(IsAvailable(server) ? [.. _allowedOf[server].Where(arm => !_mask.Contains(_arms[arm]))] : []);
        _remote = new([.. _remoteOf.SelectMany(static arms => arms.All)]);
        Array.Clear(_mayBeTaken);
        for (var local = Remotes; local < Count; local++) _isOffered[local] = _arms[local].Exit == 0 || (_withExits && !_mask.Contains(_arms[local]));
        foreach (var arm in _remote.All) _mayBeTaken[arm] = true;
        for (var server = 0; server < Servers; server++)
        {
            var arms = _remoteOf[server].All;
            _exploredOf[server] = new(_remote.All.Length <= MaxExplored ? arms : ArmPruning.Winners(_setup.Arms, arms, _setup.Heads, Math.Max(MinExploredOfServer, MaxExplored / Servers)));
        }

        _mostAccurate = _accuracies[Main];
        for (var local = Remotes; local < Main; local++)
            if (_isOffered[local]) _mostAccurate = Math.Max(_mostAccurate, _accuracies[local]);
        foreach (var arm in _remote.All) _mostAccurate = Math.Max(_mostAccurate, _accuracies[arm]);
        (_isLimited, AllowsDevice, _limit) = (false, true, ArmLimit.None);
        (_variant, _asked) = (AnyVariant, _accuracies);
    }

    private bool IsAvailable(int server) => ((_unavailable >> server) & 1) == 0;
}
