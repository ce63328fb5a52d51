using System.Collections.Immutable;

namespace SplitInfer.Policies.Experience;

/// <summary>
/// What ratings say of how features please, as sums that add up over devices: A = Σ w·φφᵀ, b = Σ w·y·φ. Neither a rating nor a device can be told
/// from the sums of several. Immutable and thread-safe.
/// </summary>
/// <remarks>
/// Every feature is within −1 to 1, every rating y within 0 to 1 and every weight w within 0 to 1, so that one observation changes no number by more
/// than 1. What a device shares has the level and the taste of its user removed (<see cref="ExperienceModel.TakeShare"/>). Nothing is added for
/// privacy: a device that shares after a single rating shares that rating.
/// Sufficient statistics are as in LinUCB (Li et al., WWW 2010) and FedLinUCB (He et al., NeurIPS 2022).
/// </remarks>
public sealed class ExperienceStatistics
{
    private readonly double[] _a;
    private readonly double[] _b;
    private readonly ImmutableArray<SignalStatistics> _signals;

    internal ExperienceStatistics(double[] a, double[] b, ImmutableArray<SignalStatistics> signals, double weight) => (_a, _b, _signals, Weight) = (a, b, signals, weight);

    /// <summary>Statistics of nothing.</summary>
    public static ExperienceStatistics Empty { get; } = new(new double[Packed], new double[FeatureMap.Dimension], [.. new SignalStatistics[SignalStatistics.Signals]], 0);

    /// <summary>How many ratings are in it; a weak label counts as a part of one.</summary>
    public double Weight { get; }

    /// <summary>How many numbers one half of A has, with its diagonal.</summary>
    internal const int Packed = FeatureMap.Dimension * (FeatureMap.Dimension + 1) / 2;

    /// <summary>A by rows, as far as the diagonal.</summary>
    internal ReadOnlySpan<double> A => _a;

    /// <summary>b.</summary>
    internal ReadOnlySpan<double> B => _b;

    /// <summary>Ratings beside signals, by <see cref="ImplicitSignal"/>.</summary>
    internal ReadOnlySpan<SignalStatistics> Signals => _signals.AsSpan();

    /// <summary>The statistics of both.</summary>
    public ExperienceStatistics Plus(ExperienceStatistics other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Combine(other, 1);
    }

    /// <summary>What is left without a part that was added before.</summary>
    public ExperienceStatistics Minus(ExperienceStatistics part)
    {
        ArgumentNullException.ThrowIfNull(part);
        return Combine(part, -1);
    }

    /// <summary>A compact form: 3.6 kB, in single precision. docs/experience.md describes it.</summary>
    public byte[] ToBytes() => ExperienceStatisticsFormat.Write(this);

    /// <summary>Reads what <see cref="ToBytes"/> wrote, from anyone: a sum of any number of shares. Of one device's share <see cref="FromShare"/> knows more.</summary>
    /// <exception cref="ExperienceStatisticsException">The bytes are of another version or length, or no ratings can have given such numbers.</exception>
    public static ExperienceStatistics FromBytes(ReadOnlySpan<byte> bytes) => ExperienceStatisticsFormat.Read(bytes);

    /// <summary>
    /// Reads the share of one device, as <see cref="ExperienceModel.TakeShare"/> gives it, before it is added to those of others: more than ratings of one user can give is refused, so that
    /// no device counts for more than one. What its ratings say is for nobody to check. Allocates some 50 kB.
    /// </summary>
    /// <param name="bytes">What <see cref="ToBytes"/> wrote.</param>
    /// <param name="maxRatings">
    /// The most ratings that a device can have given since its last share; a session that was not rated counts for a quarter (<see cref="ExperienceOptions.SignalWeight"/>). 1 to 1,000: such as
    /// 100, of which a device that shares once a day has few.
    /// </param>
    /// <param name="options">The options of the devices' models, of which the deviations count; null for the defaults.</param>
    /// <exception cref="ExperienceStatisticsException">The bytes are of another version or length, or no ratings of one device can have given such numbers.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxRatings"/> or an option is out of range.</exception>
    public static ExperienceStatistics FromShare(ReadOnlySpan<byte> bytes, int maxRatings, ExperienceOptions? options = null)
    {
        if (maxRatings is < 1 or > 1000) throw new ArgumentOutOfRangeException(nameof(maxRatings), maxRatings, "It must be from 1 to 1000.");
        options ??= new();
        options.Validate();
        var share = FromBytes(bytes);
        if (share.Weight > maxRatings) throw new ExperienceStatisticsException($"The share claims {share.Weight:0.#} ratings; a device can have {maxRatings}.");
        return DeviceShare.IsPossible(share, MixedModel.TastePrecisionOf(options)) ? share : throw new ExperienceStatisticsException("The share holds numbers that no ratings of one user give.");
    }

    private ExperienceStatistics Combine(ExperienceStatistics other, int sign)
    {
        var (a, b, signals) = (new double[Packed], new double[FeatureMap.Dimension], new SignalStatistics[SignalStatistics.Signals]);
        for (var i = 0; i < a.Length; i++) a[i] = _a[i] + (sign * other._a[i]);
        for (var i = 0; i < b.Length; i++) b[i] = _b[i] + (sign * other._b[i]);
        for (var i = 0; i < signals.Length; i++) signals[i] = sign > 0 ? _signals[i] + other._signals[i] : _signals[i] - other._signals[i];
        return new(a, b, [.. signals], Weight + (sign * other.Weight));
    }
}

/// <summary>Bytes are no <see cref="ExperienceStatistics"/>, or no ratings can have given them.</summary>
/// <param name="message">What is wrong.</param>
public sealed class ExperienceStatisticsException(string message) : Exception(message);
