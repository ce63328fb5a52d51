using System.Collections.Immutable;

namespace SplitInfer.Policies;

/// <summary>What the exits of arms have to be like.</summary>
internal static class ExitRules
{
    /// <exception cref="ArgumentException">An exit makes no sense where it is.</exception>
    public static void Check(ImmutableArray<ArmDescription> arms)
    {
        foreach (var description in arms)
        {
            var arm = description.Arm;
            if (description.ExitRate is not (>= 0 and <= 1)) throw new ArgumentException($"The exit of arm {arm.Index} answers {description.ExitRate} of the requests; give a share from 0 to 1.", nameof(arms));
            if (description.ExitRate > 0 && arm.Exit == 0) throw new ArgumentException($"Arm {arm.Index} answers some requests early, but has no exit; give the exit a number above 0.", nameof(arms));
            if (description.ExitRate >= 1 && !arm.IsOnDevice) throw new ArgumentException($"Arm {arm.Index} never uses its server, since its exit answers all requests; describe it as an arm that runs on the device alone.", nameof(arms));
            if (description.IsExitOnServer && (arm.IsOnDevice || arm.Exit == 0 || description.ExitRate > 0)) throw new ArgumentException($"Arm {arm.Index} is described to have an exit on its server; give it a server, the exit a number above 0, and no share that the device answers.", nameof(arms));
            if (!(description.ExitSeconds >= 0)) throw new ArgumentException($"The exit of arm {arm.Index} takes {description.ExitSeconds} s; give 0 or more.", nameof(arms));
        }

        if (arms[^1].Arm is { IsOnDevice: true, Exit: not 0 }) throw new ArgumentException("The last arm has an exit; put the one that runs the main variant on the device without one at the end.", nameof(arms));
        foreach (var local in arms.Where(static arm => arm is { Arm: { IsOnDevice: true, Exit: not 0 }, ExitRate: < 1 }))
            if (!arms.Any(arm => arm.Arm is { IsOnDevice: true, Exit: 0 } && arm.Arm.Variant == local.Arm.Variant)) throw new ArgumentException($"Arm {local.Arm.Index} may have to go on to the end of its variant, which the device does not run; add the arm that does so without an exit.", nameof(arms));
    }
}
