namespace SplitInfer.Tailoring.Quantization;

/// <summary>How activations and weights become 8-bit integers.</summary>
public sealed class Int8Options
{
    /// <summary>
    /// What activations are. Unsigned by default, which x64 processors multiply with signed weights several times faster than signed
    /// ones; arm64 processors prefer signed.
    /// </summary>
    public ActivationFormat Activations { get; set; } = ActivationFormat.Unsigned;

    /// <summary>
    /// Bits of a weight, 7 or 8; 8 by default. With 7, two products of an unsigned activation and a weight always fit in 16 bits, which x64
    /// processors without VNNI add them up in.
    /// </summary>
    public int WeightBits { get; set; } = 8;

    /// <summary>How the range of an activation is chosen. Least squares by default.</summary>
    public RangeMethod Ranges { get; set; } = RangeMethod.LeastSquares;

    /// <summary>Percent of the elements other than 0 that are within the range, for <see cref="RangeMethod.Percentile"/>. 99.99 by default.</summary>
    public double Percentile { get; set; } = 99.99;

    /// <summary>Whether biases make up for the mean error that the rounding of weights causes. True by default.</summary>
    public bool CorrectsBias { get; set; } = true;

    /// <summary>Operations that stay in float32, each by the name of its first output. None by default.</summary>
    public IReadOnlySet<string> KeptInFloat { get; set; } = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentException">One is out of range; the message names it.</exception>
    public void Validate()
    {
        if (!Enum.IsDefined(Activations)) throw new ArgumentException($"{nameof(Activations)} is {Activations}, which is no format.");
        if (!Enum.IsDefined(Ranges)) throw new ArgumentException($"{nameof(Ranges)} is {Ranges}, which is no method.");
        if (WeightBits is not (7 or 8)) throw new ArgumentException($"{nameof(WeightBits)} is {WeightBits}; it is 7 or 8.");
        if (!(Percentile is > 50 and <= 100)) throw new ArgumentException($"{nameof(Percentile)} is {Percentile}; it is above 50 and at most 100.");
    }
}

/// <summary>What quantised activations are.</summary>
public enum ActivationFormat
{
    /// <summary>0 to 255.</summary>
    Unsigned,

    /// <summary>−128 to 127.</summary>
    Signed,
}

/// <summary>How the range of an activation is chosen from what it was over samples.</summary>
public enum RangeMethod
{
    /// <summary>The range with the least mean square of the error.</summary>
    LeastSquares,

    /// <summary>The range that holds a given share of the elements.</summary>
    Percentile,

    /// <summary>From the smallest element to the largest.</summary>
    Extremes,
}
