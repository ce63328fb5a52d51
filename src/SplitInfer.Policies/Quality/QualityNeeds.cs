namespace SplitInfer.Policies.Quality;

/// <summary>What a request needs of the quality of its answer.</summary>
public readonly record struct QualityNeeds
{
    /// <summary>The usual needs: weight 1, no deadline, any quality.</summary>
    public QualityNeeds() { }

    /// <summary>On whose behalf it is sent. Empty, the default, where nobody is told apart.</summary>
    public string User { get; init; } = "";

    /// <summary>What accuracy is worth to it beside that of others, above 0. 1 by default.</summary>
    public double Weight { get; init; } = 1;

    /// <summary>The time from its arrival on after which an answer is worth nothing; null, the default, where there is none.</summary>
    public TimeSpan? Deadline { get; init; }

    /// <summary>The least accuracy of an exit that may answer it, 0 to 1. 0 by default: any. Where no exit has it, the most accurate one answers.</summary>
    public double MinQuality { get; init; }

    /// <summary>When its answer is due, in seconds of the clock of its arrival; infinite without a deadline.</summary>
    public double DueAt(double arrivedAt) => Deadline is { } deadline ? arrivedAt + deadline.TotalSeconds : double.PositiveInfinity;

    /// <exception cref="ArgumentOutOfRangeException">A need is out of range.</exception>
    internal void Validate()
    {
        if (!(Weight > 0) || !double.IsFinite(Weight)) throw new ArgumentOutOfRangeException(nameof(Weight), "Weight must be above 0 and finite.");
        if (MinQuality is not (>= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(MinQuality), "MinQuality must be from 0 to 1.");
    }
}
