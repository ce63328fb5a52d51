using System.Collections.Immutable;

namespace SplitInfer.Simulation.Families;

/// <summary>How long one way over a network takes. Immutable.</summary>
public sealed record DelayLaw
{
    /// <summary>The kind of law.</summary>
    public required DelayLawKind Kind { get; init; }

    /// <summary>Mean, ms; of a normal law before it is cut off at 0.</summary>
    public double MeanMs { get; init; }

    /// <summary>Standard deviation, ms; likewise.</summary>
    public double SdMs { get; init; }

    /// <summary>Delays that are played in turn, ms; of a trace only.</summary>
    public ImmutableArray<double> TraceMs { get; init; } = [];

    /// <summary>The delay of a request, ms, more than 0.</summary>
    /// <param name="draws">Draws of this way and request alone.</param>
    /// <param name="request">The request, counted from 0.</param>
    internal double SampleMs(ref Draws draws, int request)
    {
        switch (Kind)
        {
            case DelayLawKind.Normal when SdMs > 0:
                double sample;
                do sample = MeanMs + (SdMs * draws.Normal());
                while (sample <= 0);
                return sample;
            case DelayLawKind.LogNormal when SdMs > 0:
                var variance = Math.Log(1 + (SdMs * SdMs / (MeanMs * MeanMs)));
                return Math.Exp(Math.Log(MeanMs) - (variance / 2) + (Math.Sqrt(variance) * draws.Normal()));
            case DelayLawKind.Gamma when SdMs > 0:
                return Gamma(MeanMs * MeanMs / (SdMs * SdMs), ref draws) * SdMs * SdMs / MeanMs;
            case DelayLawKind.Trace:
                return TraceMs[request % TraceMs.Length];
            default:
                return MeanMs;
        }
    }

    // Marsaglia and Tsang's method; a shape below 1 is one above times a power of a uniform draw.
    private static double Gamma(double shape, ref Draws draws)
    {
        if (shape < 1) return Gamma(shape + 1, ref draws) * Math.Pow(draws.Uniform(), 1 / shape);
        var d = shape - (1.0 / 3);
        var c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            var normal = draws.Normal();
            var v = 1 + (c * normal);
            v = v * v * v;
            if (v > 0 && Math.Log(draws.Uniform()) < (normal * normal / 2) + (d * (1 - v + Math.Log(v)))) return d * v;
        }
    }
}

/// <summary>Laws of a delay.</summary>
public enum DelayLawKind
{
    /// <summary>Normal, drawn again until it is above 0.</summary>
    Normal,

    /// <summary>Log-normal of the given mean and standard deviation.</summary>
    LogNormal,

    /// <summary>Gamma of the given mean and standard deviation.</summary>
    Gamma,

    /// <summary>Measured delays, in turn.</summary>
    Trace,
}
