using SplitInfer.Client.Policies.State;

namespace SplitInfer.Client.Policies.Learning;

/// <summary>
/// How far measurements of one kind scatter, relative to their mean. It decides what counts as a change, so it starts
/// wide, and no single measurement moves it far. Not thread-safe.
/// </summary>
internal sealed class NoiseEstimate
{
    private const double Initial = 0.10;
    private const double Floor = 0.02;
    private const double InitialWeight = 6;
    private const double Memory = 80;
    private const double ClipSquared = 9;

    private double _weight = InitialWeight;
    private double _last;

    /// <summary>The square of the relative standard deviation.</summary>
    public double Variance { get; private set; } = Initial * Initial;

    /// <summary>Learns from one innovation. What two in a row have in common is an error of the model, not noise.</summary>
    /// <param name="residual">Measured less expected, relative to what scatters.</param>
    /// <param name="modelVariance">Variance of what was expected, in the same measure.</param>
    public void Observe(double residual, double modelVariance)
    {
        var difference = residual - _last;
        _last = residual;
        var share = Variance / (Variance + modelVariance);
        var sample = Math.Min(difference * difference / 2, ClipSquared * Variance);
        _weight = Math.Min(_weight + (share * share), Memory);
        Variance = Math.Max(Variance + (share * share * (sample - Variance) / _weight), Floor * Floor);
    }

    /// <summary>Writes the estimate.</summary>
    public void Save(PolicyStateWriter state) => state.Write(Variance);

    /// <summary>Goes on from an estimate that was saved.</summary>
    public void Restore(PolicyStateReader state) => Variance = state.Read(Floor * Floor, max: 100);
}
