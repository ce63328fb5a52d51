using System.Collections.Immutable;

namespace SplitInfer.Policies.Quality;

/// <summary>What each exit and setting of a model with exits costs and how accurate it is, as measured beforehand. Immutable.</summary>
public sealed class QualityCurve
{
    /// <summary>The most exits of a model.</summary>
    public const int MaxExits = 16;

    /// <summary>The most settings of a curve.</summary>
    public const int MaxSettings = 256;

    private readonly SettingHulls _hulls;

    /// <summary>Makes the curve of a model.</summary>
    /// <param name="exits">Its exits in order; the last is the whole model.</param>
    /// <param name="settings">How far runs may go; null for each exit as it is, where confidence says nothing. One of them has depth 0.</param>
    /// <exception cref="ArgumentException">There is no exit, times do not grow, or a setting is of another model.</exception>
    public QualityCurve(IReadOnlyList<ModelExit> exits, IReadOnlyList<ExitSetting>? settings = null)
    {
        ArgumentNullException.ThrowIfNull(exits);
        if (exits.Count is 0 or > MaxExits) throw new ArgumentException($"A curve has 1 to {MaxExits} exits; {exits.Count} are given.", nameof(exits));
        var before = 0.0;
        foreach (var exit in exits)
        {
            if (!(exit.Seconds > before) || !double.IsFinite(exit.Seconds)) throw new ArgumentException("Each exit takes longer than the one before; give seconds from the start of a run.", nameof(exits));
            if (exit.Accuracy is not (>= 0 and <= 1)) throw new ArgumentException("Accuracy must be from 0 to 1.", nameof(exits));
            before = exit.Seconds;
        }

        Exits = [.. exits];
        Settings = settings is null ? [.. exits.Select(static (exit, i) => ExitSetting.Forced(i, exit.Accuracy))] : [.. settings];
        if (Settings.Length > MaxSettings) throw new ArgumentException($"A curve has at most {MaxSettings} settings; {Settings.Length} are given.", nameof(settings));
        if (Settings.Any(setting => setting.Depth >= exits.Count)) throw new ArgumentException($"A setting goes to an exit that the model does not have; it has {exits.Count}.", nameof(settings));
        if (Settings.All(static setting => setting.Depth > 0)) throw new ArgumentException("One setting must end at the first exit, so that there is one for every deadline.", nameof(settings));
        _hulls = new(this);
    }

    /// <summary>The exits in order.</summary>
    public ImmutableArray<ModelExit> Exits { get; }

    /// <summary>The settings.</summary>
    public ImmutableArray<ExitSetting> Settings { get; }

    /// <summary>The settings on the upper concave hull, the cheapest first: those that are best at some price.</summary>
    public IEnumerable<ExitSetting> Hull => _hulls.HullOf(Exits.Length - 1).ToArray().Select(i => Settings[i]);

    /// <summary>Mean seconds of a setting.</summary>
    public double SecondsOf(ExitSetting setting)
    {
        ArgumentNullException.ThrowIfNull(setting);
        var seconds = 0.0;
        for (var e = 0; e <= setting.Depth; e++) seconds += setting.Reach[e] * SegmentSeconds(e);
        return seconds;
    }

    /// <summary>What it takes from the exit before to this one, s.</summary>
    public double SegmentSeconds(int exit) => Exits[exit].Seconds - (exit > 0 ? Exits[exit - 1].Seconds : 0);

    /// <summary>Index of the deepest exit that a run of so many seconds reaches; the first where none does.</summary>
    public int DepthWithin(double seconds)
    {
        var depth = 0;
        while (depth + 1 < Exits.Length && Exits[depth + 1].Seconds <= seconds) depth++;
        return depth;
    }

    internal SettingHulls Hulls => _hulls;
}
