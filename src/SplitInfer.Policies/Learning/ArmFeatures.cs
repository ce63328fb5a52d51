namespace SplitInfer.Policies.Learning;

/// <summary>
/// The features x of every arm: what is left to do once its head has run. Multiply-accumulates by cost class, nodes by
/// cost class, and the bits that are sent, in this order; all 0 where everything runs on the device.
/// </summary>
internal sealed class ArmFeatures
{
    private readonly double[] _values;

    /// <param name="arms">The arms; those that run everything on the device come last.</param>
    /// <param name="scaled">Whether each feature is divided by its largest value among the arms.</param>
    public ArmFeatures(IReadOnlyList<ArmDescription> arms, bool scaled)
    {
        var classes = arms[0].TailMacs.Length;
        Dimension = (2 * classes) + 1;
        _values = new double[arms.Count * Dimension];
        for (var arm = 0; arm < arms.Count && !arms[arm].Arm.IsOnDevice; arm++)
        {
            var x = _values.AsSpan(arm * Dimension, Dimension);
            arms[arm].TailMacs.CopyTo(x);
            arms[arm].TailNodes.CopyTo(x[classes..]);
            x[^1] = arms[arm].PayloadBits;
        }

        if (scaled) Scale(arms.Count);
        for (var arm = 0; arm < arms.Count; arm++)
        {
            var norm = 0.0;
            foreach (var value in Of(arm)) norm += value * value;
            MaxSquaredNorm = Math.Max(MaxSquaredNorm, norm);
        }
    }

    /// <summary>d.</summary>
    public int Dimension { get; }

    /// <summary>The largest ‖x‖² among the arms.</summary>
    public double MaxSquaredNorm { get; }

    /// <summary>x of an arm.</summary>
    public ReadOnlySpan<double> Of(int arm) => _values.AsSpan(arm * Dimension, Dimension);

    private void Scale(int arms)
    {
        for (var feature = 0; feature < Dimension; feature++)
        {
            var max = 0.0;
            for (var arm = 0; arm < arms; arm++) max = Math.Max(max, Math.Abs(_values[(arm * Dimension) + feature]));
            if (max == 0) continue;
            for (var arm = 0; arm < arms; arm++) _values[(arm * Dimension) + feature] /= max;
        }
    }
}
