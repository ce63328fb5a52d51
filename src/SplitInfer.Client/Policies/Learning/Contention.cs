namespace SplitInfer.Client.Policies.Learning;

/// <summary>
/// In a race both sides want the device: one core, its memory and its budget of heat. Where they get in each other's way, each
/// is measured slower than it is alone.
/// </summary>
internal static class Contention
{
    /// <summary>Variance of how much longer a delay may seem, relative to its square.</summary>
    public const double Variance = 0.5 * 0.5;
}
