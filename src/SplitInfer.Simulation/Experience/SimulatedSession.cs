using System.Collections.Immutable;
using SplitInfer.Policies.Experience;

namespace SplitInfer.Simulation.Experience;

/// <summary>One session of a device: what is known when it begins, and what each variant would bring.</summary>
/// <param name="Device">What is known of the device.</param>
/// <param name="Known">By variant: what is known of it.</param>
/// <param name="Contents">By variant: how content the user will be with it, 0 to 1, noise of requests left out.</param>
/// <param name="Seconds">By variant: what its requests will take in the mean.</param>
/// <param name="User">The user on that day.</param>
internal sealed record SimulatedSession(DeviceFeatures Device, VariantFeatures[] Known, double[] Contents, double[] Seconds, SimulatedUser User)
{
    /// <summary>The variant with which the user is most content.</summary>
    public int Best => Contents.AsSpan().IndexOf(Contents.Max());
}
