namespace SplitInfer.Client.Policies.LinUcb;

/// <summary>The knobs of <see cref="LinUcbPolicy"/>.</summary>
internal sealed class LinUcbOptions
{
    /// <summary>Width of the confidence bound, in seconds for an arm of unit features that was never tried. At least 0; 0.1 by default.</summary>
    public double Alpha { get; init; } = 0.1;

    /// <summary>A starts at this multiple of the identity. More than 0; 0.01 by default.</summary>
    public double Prior { get; init; } = 0.01;

    public static LinUcbOptions From(PolicyOptions options) => new()
    {
        Alpha = options.Number("alpha", 0.1, min: 0),
        Prior = options.Number("prior", 0.01, min: double.Epsilon),
    };
}
