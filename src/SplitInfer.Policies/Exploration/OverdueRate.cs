namespace SplitInfer.Policies.Exploration;

/// <summary>How often the replies of a server have been overdue recently, and what follows from it. Not thread-safe.</summary>
internal sealed class OverdueRate
{
    /// <summary>Number of decisions over which the rate is averaged.</summary>
    private const double Window = 50;

    /// <summary>Rate above which a race is judged by the distribution of its delay rather than by its mean.</summary>
    private const double High = 0.5 / Window;

    /// <summary>Typical saving, relative to the device's cost, if a race reveals that the server is worth using again.</summary>
    private const double UsualGain = 0.4;

    private double _rate;

    /// <summary>Whether replies are overdue often.</summary>
    public bool IsHigh => _rate > High;

    /// <summary>Decisions between two races while the device is best; infinite where no reply was overdue.</summary>
    /// <remarks>
    /// A link that often becomes slow recovers equally often, at the rate p. A race every K decisions costs (overhead − 1)/K per decision and
    /// detects a recovery K/2 decisions late; the total is smallest at K = √(2·(overhead − 1)/(p·gain)).
    /// </remarks>
    public double RaceInterval => Math.Sqrt(2 * (RaceModel.Overhead - 1) / (_rate * UsualGain));

    /// <summary>Counts a decision.</summary>
    public void Advance() => _rate -= _rate / Window;

    /// <summary>A reply was overdue.</summary>
    public void Add() => _rate += 1 / Window;
}
