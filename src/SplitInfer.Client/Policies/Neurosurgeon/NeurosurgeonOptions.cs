namespace SplitInfer.Client.Policies.Neurosurgeon;

/// <summary>The knobs of <see cref="NeurosurgeonPolicy"/>.</summary>
internal sealed class NeurosurgeonOptions
{
    /// <summary>Weight of the newest measurement of the link, above 0 to 1; 0.5 by default.</summary>
    public double Gain { get; init; } = 0.5;

    /// <summary>Bandwidth taken for granted until one is measured, Mbit/s; 16 by default.</summary>
    public double InitialMbps { get; init; } = 16;

    /// <summary>Server speed where neither a profile nor the server tells, multiply-accumulates a second; 10¹¹ by default.</summary>
    public double AssumedMacsPerSecond { get; init; } = 1e11;

    public static NeurosurgeonOptions From(PolicyOptions options) => new()
    {
        Gain = options.Number("gain", 0.5, min: 1e-3, max: 1),
        InitialMbps = options.Number("initialMbps", 16, min: 1e-3),
        AssumedMacsPerSecond = options.Number("macsPerSecond", 1e11, min: 1),
    };
}
