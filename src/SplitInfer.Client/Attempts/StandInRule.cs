using SplitInfer.Client.Arms;
using SplitInfer.Client.Device;

namespace SplitInfer.Client.Attempts;

/// <summary>Which variant the device runs in place of a server that has failed or is late, where there are several and a deadline. Thread-safe.</summary>
/// <param name="variants">The models.</param>
/// <param name="arms">The arms.</param>
internal sealed class StandInRule(VariantSet variants, ArmCatalog arms)
{
    /// <summary>How much longer than estimated the device may take.</summary>
    public const double Margin = 1.1;

    /// <summary>What timers and threads may add to that, s; no more than a quarter of the time that is left.</summary>
    public const double WakeUpSeconds = 0.01;

    /// <summary>How long the device is expected to take for what it would run, s; 0 where nothing tells.</summary>
    public double EstimateSeconds(Attempt attempt) => EstimateSeconds(attempt, attempt.LocalVariant);

    /// <summary>When the device must start at the latest, in seconds from now, so that it has an answer by the deadline; negative where it is too late.</summary>
    /// <param name="remaining">What the request has left, s.</param>
    /// <param name="device">What the device is expected to take, s; more than 0.</param>
    public static double LatestStart(double remaining, double device) => remaining - (Margin * device) - Math.Min(WakeUpSeconds, remaining / 4);

    /// <summary>Whether what the device runs is less accurate than the server's result would be, and the request asks for the most accurate.</summary>
    public bool IsSecondBest(Attempt attempt) => attempt.PrefersServer && variants[attempt.LocalVariant].Accuracy < arms.AccuracyOf(attempt.Decision.Arm);

    /// <summary>For a server that has failed: the most accurate variant that the device can still run in time, or the fastest where it can run none.</summary>
    public void ChooseNow(Attempt attempt) => Choose(attempt, mostAccurate: true);

    /// <summary>For a server that may yet be late: the fastest variant, which can wait for it longest. What was decided stays where it is no slower.</summary>
    public void ChooseLast(Attempt attempt) => Choose(attempt, mostAccurate: false);

    private void Choose(Attempt attempt, bool mostAccurate)
    {
        if (!variants.AreSeveral || attempt.Budget.RemainingSeconds is not { } remaining || attempt.Decision.IsNamed) return;
        var (chosen, seconds, fits) = (attempt.LocalVariant, EstimateSeconds(attempt), false);
        fits = IsInTime(seconds);
        for (var place = 0; place < variants.All.Length; place++)
        {
            var other = EstimateSeconds(attempt, place);
            if (place == chosen || !(other > 0)) continue;
            var isBetter = mostAccurate && (fits || IsInTime(other))
                ? IsInTime(other) && (!fits || variants[place].Accuracy > variants[chosen].Accuracy || (variants[place].Accuracy == variants[chosen].Accuracy && other < seconds))
                : !(seconds > 0) || other < seconds;
            if (isBetter) (chosen, seconds, fits) = (place, other, IsInTime(other));
        }

        if (chosen != attempt.LocalVariant) attempt.StandIn(arms.OnDeviceOf(chosen));

        bool IsInTime(double device) => device > 0 && LatestStart(remaining, device) >= 0;
    }

    private double EstimateSeconds(Attempt attempt, int variant)
    {
        var whole = variants[variant].Model.WholeSeconds;
        return variant == attempt.Decision.Arm.Variant ? attempt.Cut.EstimateTailSeconds(attempt.HeadTime.TotalSeconds, whole) : whole;
    }
}
