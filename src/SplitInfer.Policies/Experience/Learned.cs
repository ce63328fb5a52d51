namespace SplitInfer.Policies.Experience;

/// <summary>What a device learned and what it has shared of it. Not thread-safe.</summary>
internal sealed class Learned
{
    private const double Most = 1e12;

    /// <summary>What was shared is in single precision.</summary>
    private const double SignalSlack = 1e-3;

    /// <summary>Its ratings since the last share.</summary>
    public RatingSums Pending { get; private init; } = new();

    /// <summary>Those of them that came beside signals.</summary>
    public SignalStatistics[] Signals { get; private init; } = new SignalStatistics[SignalStatistics.Signals];

    /// <summary>All its ratings, those of long ago forgotten.</summary>
    public RatingSums Recent { get; private init; } = new();

    /// <summary>What it has shared.</summary>
    public ExperienceStatistics Shared { get; set; } = ExperienceStatistics.Empty;

    /// <summary>When it shared last; null before the first share.</summary>
    public DateTimeOffset? LastShare { get; set; }

    /// <summary>Sessions, questions and ratings.</summary>
    public long Sessions, Questions, Ratings;

    public void Save(PolicyStateWriter state)
    {
        Pending.Save(state);
        Recent.Save(state);
        state.Write(Shared.Weight);
        state.Write(Shared.A);
        state.Write(Shared.B);
        SaveSignals(state, Shared.Signals);
        SaveSignals(state, Signals);
        state.Write([Sessions, Questions, Ratings]);
        state.Write([LastShare is null ? 0 : 1, LastShare?.ToUnixTimeMilliseconds() ?? 0]);
    }

    /// <exception cref="PolicyStateException">The numbers are not what <see cref="Save"/> writes.</exception>
    public static Learned Restore(PolicyStateReader state)
    {
        var (pending, recent) = (RatingSums.Restore(state), RatingSums.Restore(state));
        var shared = RestoreShared(state);
        var signals = RestoreSignals(state);
        return new()
        {
            Pending = pending,
            Recent = recent,
            Shared = shared,
            Signals = signals,
            Sessions = (long)state.Read(0, Most),
            Questions = (long)state.Read(0, Most),
            Ratings = (long)state.Read(0, Most),
            LastShare = RestoreTime(state),
        };
    }

    private static DateTimeOffset? RestoreTime(PolicyStateReader state)
    {
        var isKnown = state.Read(0, 1) > 0;
        var milliseconds = state.Read(DateTimeOffset.MinValue.ToUnixTimeMilliseconds(), DateTimeOffset.MaxValue.ToUnixTimeMilliseconds());
        return isKnown ? DateTimeOffset.FromUnixTimeMilliseconds((long)milliseconds) : null;
    }

    private static void SaveSignals(PolicyStateWriter state, ReadOnlySpan<SignalStatistics> signals)
    {
        foreach (var signal in signals) state.Write([signal.Count, signal.Sum, signal.Squares]);
    }

    private static SignalStatistics[] RestoreSignals(PolicyStateReader state)
    {
        var signals = new SignalStatistics[SignalStatistics.Signals];
        foreach (ref var signal in signals.AsSpan())
        {
            signal = new(state.Read(0, Most), state.Read(0, Most), state.Read(0, Most));
            if (!signal.IsPossible(SignalSlack * (1 + signal.Count))) throw Impossible();
        }

        return signals;
    }

    private static ExperienceStatistics RestoreShared(PolicyStateReader state)
    {
        var weight = state.Read(0, Most);
        var (a, b) = (new double[ExperienceStatistics.Packed], new double[FeatureMap.Dimension]);
        state.Read(a, -Most, Most);
        state.Read(b, -Most, Most);
        var shared = new ExperienceStatistics(a, b, [.. RestoreSignals(state)], weight);
        return PossibleSums.Are(shared, of: shared) ? shared : throw Impossible();
    }

    private static PolicyStateException Impossible() => new("The saved policy state holds sums that no ratings give. Delete the file to start afresh.");
}
