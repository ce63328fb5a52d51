namespace SplitInfer.Policies.Learning;

/// <summary>How wide μLinUCB makes its confidence bounds and how often it forces a sample, with the published constants.</summary>
/// <remarks>
/// <code>
/// T      horizon: 200 requests, doubled whenever it is over           Horizon
/// t      requests since it began                                      _t
/// d      features of an arm
/// Cx     max‖x‖² over the arms
/// α      (Cθ + Cη·√(d·ln((1 + T·Cx²)/δ))) / (1 − Lkey)                Alpha
/// K      ⌈T^μ⌉: every K-th request is a forced sample                 Interval
/// L      weight of a request: 0.8 on a key frame, else 0.2            WeightOf
/// </code>
/// Not thread-safe.
/// </remarks>
internal sealed class PublishedSchedule
{
    private const double ThetaBound = 1;      // Cθ
    private const double NoiseBound = 0.05;   // Cη
    private const double Confidence = 0.1;    // δ
    private const double Mu = 0.25;           // μ
    private const double KeyWeight = 0.8;     // L of a key frame
    private const double OtherWeight = 0.2;   // L of any other

    private readonly int _dimension;
    private readonly double _maxSquaredNorm;
    private long _t;

    public PublishedSchedule(int dimension, double maxSquaredNorm)
    {
        (_dimension, _maxSquaredNorm) = (dimension, maxSquaredNorm);
        Begin(200);
    }

    /// <summary>T.</summary>
    public long Horizon { get; private set; }

    /// <summary>α.</summary>
    public double Alpha { get; private set; }

    /// <summary>K.</summary>
    public int Interval { get; private set; }

    /// <summary>L.</summary>
    public static double WeightOf(bool isKeyFrame) => isKeyFrame ? KeyWeight : OtherWeight;

    /// <summary>Counts a request, and says whether it is to be a forced sample.</summary>
    public bool Advance()
    {
        if (++_t > Horizon) Begin(checked(Horizon * 2));
        return _t % Interval == 0;
    }

    private void Begin(long horizon)
    {
        (Horizon, _t) = (horizon, 0);
        var spread = Math.Log((1 + (horizon * _maxSquaredNorm * _maxSquaredNorm)) / Confidence);
        Alpha = (ThetaBound + (NoiseBound * Math.Sqrt(_dimension * spread))) / (1 - KeyWeight);
        Interval = (int)Math.Ceiling(Math.Pow(horizon, Mu));
    }
}
