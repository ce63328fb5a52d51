namespace SplitInfer.Simulation;

/// <summary>Random numbers that are a function of seed, request and what they are for, so that whoever is simulated with a seed meets the same world.</summary>
internal struct Draws(int seed, int request, int stream)
{
    private const double TwoToMinus53 = 1.0 / (1UL << 53);

    private ulong _state = Mix(((ulong)(uint)seed << 32) ^ (uint)request) ^ ((ulong)stream * 0xD1B54A32D192ED03);

    /// <summary>Above 0, at most 1.</summary>
    public double Uniform() => ((Next() >> 11) + 1) * TwoToMinus53;

    /// <summary>N(0,1), by Box and Muller.</summary>
    public double Normal() => Math.Sqrt(-2 * Math.Log(Uniform())) * Math.Cos(2 * Math.PI * Uniform());

    private ulong Next() => Mix(_state += 0x9E3779B97F4A7C15);

    // The finaliser of SplitMix64.
    private static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}
