namespace SplitInfer.Simulation;

/// <summary>
/// The noise of one frame, a draw of N(0,1) for each term of its delay. A function of seed and frame alone, so that all
/// policies that are played with the same seed meet the same world, whatever they choose.
/// </summary>
internal readonly struct FrameNoise(int seed, int frame)
{
    /// <summary>What a mean becomes: times 1 + noise·N(0,1), never less than a tenth.</summary>
    /// <param name="term">What scatters.</param>
    /// <param name="mean">Its mean.</param>
    /// <param name="noise">Standard deviation relative to the mean.</param>
    /// <param name="server">The server whose term it is; each scatters on its own.</param>
    public double Apply(NoiseTerm term, double mean, double noise, int server = 0) =>
        noise > 0 ? mean * Math.Max(0.1, 1 + (noise * Normal(term, server))) : mean;

    /// <summary>How hard the frame's content is: the share of contents that are easier, 0 to 1. The same for all models and exits.</summary>
    public double Difficulty() => (Mix(Mix((((ulong)(uint)seed << 32) ^ ((ulong)(uint)frame << 4)) ^ (ulong)NoiseTerm.Content)) >> 11) * TwoToMinus53;

    /// <summary>A draw of N(0,1) that belongs to no term of a delay.</summary>
    public double Standard() => Normal(NoiseTerm.Table, server: 0);

    private const double TwoToMinus53 = 1.0 / (1UL << 53);

    private double Normal(NoiseTerm term, int server)
    {
        var counter = (((ulong)(uint)seed << 32) ^ ((ulong)(uint)frame << 4) ^ (ulong)term) + ((ulong)server * 0xD1B54A32D192ED03);
        var first = Mix(counter);
        var second = Mix(first ^ 0x9E3779B97F4A7C15);
        // Box and Muller; the first draw is never 0.
        return Math.Sqrt(-2 * Math.Log(((first >> 11) + 1) * TwoToMinus53)) * Math.Cos(2 * Math.PI * (second >> 11) * TwoToMinus53);
    }

    // The finaliser of SplitMix64: every bit of the input moves every bit of the output.
    private static ulong Mix(ulong x)
    {
        x += 0x9E3779B97F4A7C15;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}

/// <summary>The terms of a delay that scatter on their own.</summary>
internal enum NoiseTerm
{
    /// <summary>What runs on the device.</summary>
    Head,

    /// <summary>The round trip of a request.</summary>
    RoundTrip,

    /// <summary>The payload on the link.</summary>
    Transfer,

    /// <summary>What runs on the server.</summary>
    Tail,

    /// <summary>The round trip of a probe.</summary>
    Probe,

    /// <summary>No delay: what a policy is told beforehand.</summary>
    Table,

    /// <summary>No delay: what is to be seen.</summary>
    Content,
}
