namespace SplitInfer.Policies.Sharing;

/// <summary>
/// How long requests wait for one of a server's places, and what their waiting costs others, by how busy the places are. Immutable.
/// </summary>
/// <remarks>
/// <code>
/// c      places
/// ρ      load: the part of the time for which a place runs something, 0 to 1
/// m      mean run time, s
/// W      mean wait for a place, s:          W = m·w(ρ),  w(ρ) = ρ^a / (c·(1 − ρ)),  a = √(2·(c + 1)) − 1
/// e      elasticity of W in the rate λ:     e(ρ) = λ/W·dW/dλ = a + ρ/(1 − ρ)
/// p      price: λ·dW/dλ over m:             p(ρ) = w(ρ)·e(ρ)
/// </code>
/// The wait is Sakasegawa's approximation ("An approximation formula Lq ≃ α·ρ^β/(1 − ρ)", Annals of the Institute of Statistical Mathematics 29, 1977) for
/// exponential times; it is exact for one place. There p(ρ) = ρ/(1 − ρ)².
/// </remarks>
/// <param name="places">c, at least 1.</param>
internal readonly struct CongestionCurve(int places)
{
    /// <summary>More load than this is not told from it: what follows from it would be anything.</summary>
    public const double MaxLoad = 0.97;

    private const int Bisections = 40;

    private readonly double _exponent = Math.Sqrt(2.0 * (places + 1)) - 1;

    /// <summary>w, in mean run times.</summary>
    public double Wait(double load)
    {
        var rho = Math.Clamp(load, 0, MaxLoad);
        return (places == 1 ? rho : Math.Pow(rho, _exponent)) / (places * (1 - rho));
    }

    /// <summary>p, seconds that others wait longer for a second of the places' time.</summary>
    public double Price(double load) => Wait(load) * Elasticity(load);

    /// <summary>e.</summary>
    public double Elasticity(double load)
    {
        var rho = Math.Clamp(load, 0, MaxLoad);
        return _exponent + (rho / (1 - rho));
    }

    /// <summary>The load that a price is of, 0 to <see cref="MaxLoad"/>.</summary>
    public double LoadOfPrice(double price) => LoadOf(price, isPrice: true);

    /// <summary>The load that a wait is of, 0 to <see cref="MaxLoad"/>.</summary>
    /// <param name="wait">In mean run times.</param>
    public double LoadOfWait(double wait) => LoadOf(wait, isPrice: false);

    private double LoadOf(double value, bool isPrice)
    {
        var (low, high) = (0.0, MaxLoad);
        for (var i = 0; i < Bisections && value > 0; i++)
        {
            var middle = (low + high) / 2;
            (low, high) = (isPrice ? Price(middle) : Wait(middle)) < value ? (middle, high) : (low, middle);
        }

        return low;
    }
}
