using System.Collections.Immutable;

namespace SplitInfer.Policies.Quality;

/// <summary>How far a run goes: to an exit at most, and no further than an earlier one whose answer is sure enough. Immutable.</summary>
public sealed class ExitSetting
{
    /// <summary>Describes a setting as it was measured.</summary>
    /// <param name="depth">Index of the last exit it may go to.</param>
    /// <param name="thresholds">For each exit before that, the confidence from which on it stops there; above 1 where it never does.</param>
    /// <param name="reach">Share of runs that come as far as each exit up to <paramref name="depth"/>; the first is 1.</param>
    /// <param name="accuracy">Accuracy of its answers, 0 to 1.</param>
    /// <exception cref="ArgumentException">The numbers do not fit together.</exception>
    public ExitSetting(int depth, ImmutableArray<double> thresholds, ImmutableArray<double> reach, double accuracy)
    {
        if (depth < 0 || thresholds.Length != depth) throw new ArgumentException($"A setting to exit {depth} has {Math.Max(0, depth)} thresholds, one for each exit before; give as many.", nameof(thresholds));
        if (reach.Length != depth + 1 || reach[0] != 1) throw new ArgumentException($"A setting to exit {depth} has {depth + 1} shares, the first of which is 1; give as many.", nameof(reach));
        for (var e = 1; e < reach.Length; e++)
            if (!(reach[e] >= 0 && reach[e] <= reach[e - 1])) throw new ArgumentException("No exit is reached more often than the one before; give shares that fall.", nameof(reach));
        if (accuracy is not (>= 0 and <= 1)) throw new ArgumentException("Accuracy must be from 0 to 1.", nameof(accuracy));
        (Depth, Thresholds, Reach, Accuracy) = (depth, thresholds, reach, accuracy);
    }

    /// <summary>Index of the last exit it may go to.</summary>
    public int Depth { get; }

    /// <summary>For each earlier exit, the confidence from which on a run stops there.</summary>
    public ImmutableArray<double> Thresholds { get; }

    /// <summary>Share of runs that come as far as each exit.</summary>
    public ImmutableArray<double> Reach { get; }

    /// <summary>Accuracy of its answers, 0 to 1.</summary>
    public double Accuracy { get; }

    /// <summary>Share of runs that an exit answers.</summary>
    public double Answers(int exit) => exit > Depth ? 0 : Reach[exit] - (exit < Depth ? Reach[exit + 1] : 0);

    /// <summary>A setting by which an exit answers every request.</summary>
    public static ExitSetting Forced(int exit, double accuracy) => new(exit, [.. Enumerable.Repeat(2.0, exit)], [.. Enumerable.Repeat(1.0, exit + 1)], accuracy);
}
