using System.Numerics;
using System.Runtime.InteropServices;

namespace SplitInfer.Policies.Learning;

/// <summary>
/// A joint Gaussian estimate of n quantities: mean m and covariance P. A measurement of one of them, or of a sum, updates all in proportion
/// to their covariance with it. Not thread-safe.
/// </summary>
internal sealed class GaussianEstimate(int count)
{
    private const double MaxVariance = 1e9;

    private readonly double[] _mean = new double[count];
    private readonly double[] _covariance = new double[count * count];
    private readonly double[] _column = new double[count];

    /// <summary>m.</summary>
    public Span<double> Mean => _mean;

    /// <summary>P of a pair.</summary>
    public ref double Covariance(int i, int j) => ref _covariance[(i * count) + j];

    /// <summary>hᵀPh: variance of hᵀm.</summary>
    public double Variance(ReadOnlySpan<double> h)
    {
        var sum = 0.0;
        for (var i = 0; i < h.Length; i++)
            for (var j = 0; j < h.Length; j++) sum += h[i] * h[j] * Covariance(i, j);
        return Math.Max(0, sum);
    }

    /// <summary>Updates u = hᵀm: its mean moves by <paramref name="shift"/>, its variance by the factor 1 − <paramref name="shrink"/>, and all that depends on it follows.</summary>
    public void Update(ReadOnlySpan<double> h, double shift, double shrink)
    {
        var variance = Variance(h);
        if (variance <= 0) return;
        for (var i = 0; i < count; i++)
        {
            _column[i] = 0;
            for (var j = 0; j < count; j++) _column[i] += Covariance(i, j) * h[j];
        }

        Follow(shift / variance, shrink / variance, common: 0);
    }

    /// <summary>Learns that mᵢ was off by <paramref name="residual"/>, after all of P has gained <paramref name="common"/>.</summary>
    /// <param name="i">The quantity that was measured.</param>
    /// <param name="residual">e, measured less expected.</param>
    /// <param name="noise">R, variance of the measurement: m += Pᵢ·e/(Pᵢᵢ + R), P −= Pᵢ·Pᵢᵀ/(Pᵢᵢ + R).</param>
    /// <param name="common">Variance of a change that is the same in all quantities.</param>
    public void Condition(int i, double residual, double noise, double common)
    {
        for (var j = 0; j < count; j++) _column[j] = _covariance[(i * count) + j] + common;
        var variance = _column[i] + noise;
        Follow(residual / variance, 1 / variance, common);
    }

    /// <summary>Writes m and P.</summary>
    public void Save(PolicyStateWriter state)
    {
        state.Write(_mean);
        state.Write(_covariance);
    }

    /// <summary>Restores a saved estimate.</summary>
    /// <param name="state">What was saved.</param>
    /// <param name="maxMean">The largest magnitude that a mean may have.</param>
    public void Restore(PolicyStateReader state, double maxMean)
    {
        state.Read(_mean, -maxMean, maxMean);
        state.Read(_covariance, -MaxVariance, MaxVariance);
    }

    // m += meanFactor·column, P += common − covarianceFactor·column·columnᵀ
    private void Follow(double meanFactor, double covarianceFactor, double common)
    {
        AddScaled(_mean, _column, meanFactor, 0);
        for (var row = 0; row < count; row++)
            AddScaled(_covariance.AsSpan(row * count, count), _column, -covarianceFactor * _column[row], common);
    }

    // target += factor·source + offset
    private static void AddScaled(Span<double> target, Span<double> source, double factor, double offset)
    {
        ref var to = ref MemoryMarshal.GetReference(target);
        ref var from = ref MemoryMarshal.GetReference(source);
        var length = Math.Min(target.Length, source.Length);
        var (factors, offsets) = (new Vector<double>(factor), new Vector<double>(offset));
        var j = 0;
        for (; j <= length - Vector<double>.Count; j += Vector<double>.Count)
            Vector.StoreUnsafe(Vector.LoadUnsafe(ref to, (nuint)j) + Vector.FusedMultiplyAdd(Vector.LoadUnsafe(ref from, (nuint)j), factors, offsets), ref to, (nuint)j);
        for (; j < length; j++) target[j] += (factor * source[j]) + offset;
    }
}
