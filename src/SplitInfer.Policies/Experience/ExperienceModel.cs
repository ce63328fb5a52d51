using System.Runtime.CompilerServices;

namespace SplitInfer.Policies.Experience;

/// <summary>
/// Chooses a variant for each session by the rating that the user of this device is expected to give, and learns from ratings, from what sessions
/// show without a question, and from what other devices learned. Thread-safe. Draws nothing at random.
/// </summary>
/// <remarks>
/// A contextual bandit over features of device and variant, as in Lu, Yang, Chen and Ren (CogMI 2019): the variant of the highest upper bound of the
/// expected rating is taken (LinUCB; Li et al., WWW 2010). What is common to all users and what this user's ratings differ by are learned apart.
/// A session is what the application says it is, such as the use of a screen: a variant is chosen once for each. The last 32 sessions may be rated.
/// <see cref="Choose"/> and ratings allocate nothing.
/// </remarks>
public sealed class ExperienceModel : IPolicyState
{
    private const int D = FeatureMap.Dimension;

    private readonly Lock _lock = new();
    private readonly ExperienceOptions _options;
    private readonly TimeProvider _time;
    private readonly MixedModel _model;
    private readonly OpenSessions _sessions = new();
    private readonly SignalStatistics[] _known = new SignalStatistics[SignalStatistics.Signals];
    private Learned _learned = new();
    private ExperienceStatistics _fleet = ExperienceStatistics.Empty;

    // Of the fleet's sum what is not of this device.
    private ExperienceStatistics _others = ExperienceStatistics.Empty;
    private bool _isStale = true;

    /// <summary>Makes a model that has seen nothing.</summary>
    /// <param name="options">Its knobs; null for the defaults.</param>
    /// <param name="time">The clock by whose date shares are spaced, over restarts; null for the system's.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    public ExperienceModel(ExperienceOptions? options = null, TimeProvider? time = null)
    {
        _options = options ?? new();
        _options.Validate();
        (_time, _model) = (time ?? TimeProvider.System, new(_options));
    }

    /// <summary>How many ratings this device has given.</summary>
    public long Ratings { get { lock (_lock) return _learned.Ratings; } }

    /// <summary>How many questions were asked.</summary>
    public long Questions { get { lock (_lock) return _learned.Questions; } }

    /// <summary>What it learned on this device, to be saved and restored. What was received from the fleet is not in it.</summary>
    public IPolicyState State => this;

    int IPolicyState.Version => 2;

    /// <summary>Chooses a variant for a session, which begins with it; for one that is open already, what was chosen for it.</summary>
    /// <param name="session">An id of the application's, one for each session.</param>
    /// <param name="device">What is known of the device now.</param>
    /// <param name="variants">What is known of each variant that may be used. There is at least one.</param>
    /// <exception cref="ArgumentException">There is no variant.</exception>
    public ExperienceChoice Choose(long session, in DeviceFeatures device, ReadOnlySpan<VariantFeatures> variants)
    {
        if (variants.IsEmpty) throw new ArgumentException("There is no variant to choose.", nameof(variants));
        lock (_lock)
        {
            ref var open = ref _sessions.Find(session);
            if (!Unsafe.IsNullRef(ref open) && open.Choice.Variant < variants.Length) return open.Choice;
            if (Unsafe.IsNullRef(ref open))
            {
                open = ref _sessions.Next();
                if (open.IsOpen) Close(ref open);
                _learned.Sessions++;
                open = default;
            }

            Refresh();
            var choice = UpperBoundChoice.Choose(_model, _options, device, variants);
            choice = choice with { IsWorthAsking = choice.IsWorthAsking && HasBudget() };
            open = open with { Id = session, IsOpen = true, Choice = choice, Device = device, Variant = variants[choice.Variant].AmongOthers(variants) };
            return choice;
        }
    }

    /// <summary>
    /// Whether to ask the user of a session now: its rating would teach enough, the user was not asked in it yet, and the budget of questions is not
    /// spent.
    /// </summary>
    public bool IsWorthAsking(long session)
    {
        lock (_lock)
        {
            ref var open = ref _sessions.Find(session);
            return !Unsafe.IsNullRef(ref open) && open is { IsAsked: false, Choice.IsWorthAsking: true } && HasBudget();
        }
    }

    /// <summary>Says that the user of a session was asked, which the budget pays for. Does nothing where the session is not open.</summary>
    public void Ask(long session)
    {
        lock (_lock)
        {
            ref var open = ref _sessions.Find(session);
            if (Unsafe.IsNullRef(ref open) || open.IsAsked) return;
            open.IsAsked = true;
            _learned.Questions++;
        }
    }

    /// <summary>
    /// Says that another variant has answered in a session than the one that was chosen, such as one that stood in by a deadline: what the session teaches is learned of that one. Does
    /// nothing where the session is not open.
    /// </summary>
    /// <param name="session">The session.</param>
    /// <param name="variant">The place of the variant that has answered.</param>
    /// <param name="variants">What is known of all variants; what is unknown of that one counts as in the mean of the others, as where one is chosen.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such variant.</exception>
    public void AnsweredBy(long session, int variant, ReadOnlySpan<VariantFeatures> variants)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(variant);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(variant, variants.Length);
        lock (_lock)
        {
            ref var open = ref _sessions.Find(session);
            if (!Unsafe.IsNullRef(ref open)) open.Variant = variants[variant].AmongOthers(variants);
        }
    }

    /// <summary>Learns from a user's rating of a session, whether or not it was asked for, and ends the session.</summary>
    /// <param name="session">The session.</param>
    /// <param name="rating">From 0, useless, to 1, as good as can be. What is outside counts as the nearest.</param>
    /// <param name="measuredSeconds">What requests of the session took in the mean; infinite where none was answered, null where what was expected is all that is known.</param>
    /// <returns>Whether it was open: not rated, ended or long over.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The rating or the time is not a number, or the time is negative.</exception>
    public bool Rate(long session, double rating, double? measuredSeconds = null)
    {
        if (double.IsNaN(rating)) throw new ArgumentOutOfRangeException(nameof(rating), "A rating must be a number from 0 to 1.");
        CheckTime(measuredSeconds);
        rating = Math.Clamp(rating, 0, 1);
        lock (_lock)
        {
            ref var open = ref _sessions.Find(session);
            if (Unsafe.IsNullRef(ref open)) return false;
            if (measuredSeconds is { } seconds) open.Variant = open.Variant with { Seconds = Math.Min(seconds, double.MaxValue) };
            _learned.Signals[(int)open.Signal] = _learned.Signals[(int)open.Signal].With(rating);
            _learned.Ratings++;
            Learn(open, rating, weight: 1);
            open.IsOpen = false;
            return true;
        }
    }

    /// <summary>Notes what a session showed without a question. Of several signals the one that says most counts. Does nothing where the session is not open, or the options ignore the signal.</summary>
    /// <param name="session">The session.</param>
    /// <param name="signal">What was seen.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such signal.</exception>
    public void Signal(long session, ImplicitSignal signal)
    {
        if (!Enum.IsDefined(signal)) throw new ArgumentOutOfRangeException(nameof(signal));
        lock (_lock)
        {
            ref var open = ref _sessions.Find(session);
            if (!Unsafe.IsNullRef(ref open) && IsTaken(signal) && LabelOf(signal).Rating < LabelOf(open.Signal).Rating) open.Signal = signal;
        }
    }

    /// <summary>Ends a session that was not rated: its signal, or that there was none, is a weak label. One that was asked and did not answer is dismissed.</summary>
    /// <param name="session">The session.</param>
    /// <param name="measuredSeconds">As for <see cref="Rate"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The time is not a number or negative.</exception>
    public void End(long session, double? measuredSeconds = null)
    {
        CheckTime(measuredSeconds);
        lock (_lock)
        {
            ref var open = ref _sessions.Find(session);
            if (Unsafe.IsNullRef(ref open)) return;
            if (measuredSeconds is { } seconds) open.Variant = open.Variant with { Seconds = Math.Min(seconds, double.MaxValue) };
            Close(ref open);
        }
    }

    /// <summary>
    /// Takes over what all devices learned together, in place of what was received before. What this device shared until now is taken off, unless no other
    /// ratings could have given the rest: then the sum is an older one, or a share was lost, and all of it counts.
    /// </summary>
    /// <param name="fleet">The sum of all shares.</param>
    public void Receive(ExperienceStatistics fleet)
    {
        ArgumentNullException.ThrowIfNull(fleet);
        lock (_lock)
        {
            if (ReferenceEquals(fleet, _fleet)) return;
            _fleet = fleet;
            TakeOff();
        }
    }

    /// <summary>
    /// What this device has learned since its last share, for the fleet to add; null while it adds too little to what the fleet knows, or too soon.
    /// The level and the taste of this user are taken out of it. It counts as shared: save <see cref="State"/> before it leaves, so that it is not shared again
    /// where the process ends.
    /// </summary>
    public ExperienceStatistics? TakeShare()
    {
        lock (_lock)
        {
            var now = _time.GetUtcNow();
            if (_learned.LastShare is { } last)
            {
                // A clock that was set back: the interval begins anew.
                if (now < last) _learned.LastShare = last = now;
                if (now - last < _options.ShareInterval) return null;
            }

            var part = _learned.Pending.WithoutTaste(_model.TastePrecision, _learned.Signals);
            var growth = _model.LogDeterminant(_fleet.Plus(part)) - _model.LogDeterminant(_fleet);
            if (!(growth > Math.Log(1 + _options.ShareGrowth))) return null;

            // As it will arrive, so that exactly that can be taken off a sum that is received later.
            part = ExperienceStatistics.FromBytes(part.ToBytes());
            _learned.Shared = _learned.Shared.Plus(part);
            _learned.Pending.Forget(0);
            Array.Clear(_learned.Signals);
            _learned.LastShare = now;
            return part;
        }
    }

    void IPolicyState.Save(PolicyStateWriter state)
    {
        lock (_lock) _learned.Save(state);
    }

    void IPolicyState.Restore(PolicyStateReader state)
    {
        var learned = Learned.Restore(state);
        state.End();
        if (!new MixedModel(_options).TryFit(ExperienceStatistics.Empty, learned.Recent)) throw new PolicyStateException("The saved policy state holds sums from which nothing can be learned. Delete the file to start afresh.");
        lock (_lock)
        {
            _learned = learned;
            TakeOff();
        }
    }

    private static void CheckTime(double? seconds)
    {
        if (seconds is { } time && !(time >= 0)) throw new ArgumentOutOfRangeException(nameof(seconds), "A time must be a number of seconds, at least 0.");
    }

    private bool HasBudget() => _learned.Questions < Math.Max(_options.FirstQuestions, _options.QuestionShare * _learned.Sessions);

    private bool IsTaken(ImplicitSignal signal) => !_options.IgnoredSignals.Contains(signal);

    private (double Rating, double Weight) LabelOf(ImplicitSignal signal) => SignalStatistics.LabelOf(signal, _known);

    private void Close(ref Session open)
    {
        open.IsOpen = false;
        var signal = open is { IsAsked: true, Signal: ImplicitSignal.Quiet } && IsTaken(ImplicitSignal.Dismissed) ? ImplicitSignal.Dismissed : open.Signal;
        if (!IsTaken(signal)) return;
        var (rating, weight) = LabelOf(signal);
        if (_options.SignalWeight * weight is > 0 and var some) Learn(open, rating, some);
    }

    private void Learn(in Session session, double rating, double weight)
    {
        Span<double> phi = stackalloc double[D];
        FeatureMap.Write(session.Device, session.Variant, phi);
        _learned.Pending.Add(phi, rating, weight);
        _learned.Recent.Forget(Math.Pow(_options.Memory, weight));
        _learned.Recent.Add(phi, rating, weight);
        _isStale = true;
    }

    private void TakeOff()
    {
        var others = _fleet.Minus(_learned.Shared);
        (_others, _isStale) = (PossibleSums.Are(others, of: _fleet) ? others : _fleet, true);
    }

    private void Refresh()
    {
        if (!_isStale) return;
        _isStale = false;
        if (!_model.TryFit(_others, _learned.Recent) && !_model.TryFit(_fleet, _learned.Recent)) _model.TryFit(ExperienceStatistics.Empty, _learned.Recent);
        for (var i = 0; i < _known.Length; i++) _known[i] = _others.Signals[i] + _learned.Shared.Signals[i] + _learned.Signals[i];
    }
}
