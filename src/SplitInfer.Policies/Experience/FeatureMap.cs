using System.Collections.Immutable;

namespace SplitInfer.Policies.Experience;

/// <summary>
/// The features φ of a variant on a device, each from −1 to 1: of the variant alone, and of the variant times the device.
/// </summary>
/// <remarks>
/// <code>
/// 0         1
/// 1 … 5     z: accuracy, bytes, time, energy, lateness               VariantFeatures
/// 6         what of the accuracy is above 0.7
/// 7 … 9     what of the time's logarithm is above 100 ms, 300 ms, 1 s
/// 10 … 39   x ⊗ z, by device feature                                 DeviceFeatures
/// </code>
/// The bends of 6 to 9 let a linear model follow a gain that saturates and a patience that ends.
/// </remarks>
internal static class FeatureMap
{
    /// <summary>d.</summary>
    public const int Dimension = Products + (DeviceFeatures.Count * VariantFeatures.Count);

    private const int Bends = 1 + VariantFeatures.Count;
    private const int Products = Bends + 4;
    private const double AccuracyBend = 0.7;
    private const int Battery = 3;

    private static readonly double[] TimeBends = [1.0 / 3, 0.4924, 2.0 / 3];

    /// <summary>
    /// The features in which users differ: level of their ratings, accuracy, time and its bends, energy, and energy while the battery is low.
    /// Rising.
    /// </summary>
    public static ImmutableArray<int> Taste { get; } =
    [
        0, 1, 1 + VariantFeatures.Time, 1 + VariantFeatures.Energy, Bends, Bends + 1, Bends + 2, Bends + 3,
        Products + (Battery * VariantFeatures.Count) + VariantFeatures.Energy,
    ];

    /// <summary>What is believed before any rating: accuracy pleases, time does not.</summary>
    public static ImmutableArray<double> PriorMean { get; } = [.. Enumerable.Range(0, Dimension).Select(static i => i switch { 0 => 0.6, 1 => 0.3, 1 + VariantFeatures.Time => -0.4, _ => 0 })];

    /// <summary>Writes φ.</summary>
    public static void Write(in DeviceFeatures device, in VariantFeatures variant, Span<double> phi)
    {
        Span<double> x = stackalloc double[DeviceFeatures.Count];
        device.Write(x);
        phi[0] = 1;
        var z = phi.Slice(1, VariantFeatures.Count);
        variant.Write(z);
        phi[Bends] = Above(z[0], AccuracyBend);
        for (var i = 0; i < TimeBends.Length; i++) phi[Bends + 1 + i] = Above(z[VariantFeatures.Time], TimeBends[i]);
        for (var i = 0; i < x.Length; i++)
            for (var j = 0; j < z.Length; j++) phi[Products + (i * z.Length) + j] = x[i] * z[j];
    }

    private static double Above(double value, double bend) => Math.Max(0, value - bend) / (1 - bend);
}
