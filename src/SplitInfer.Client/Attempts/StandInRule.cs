using SplitInfer.Client.Arms;
using SplitInfer.Client.Device;

namespace SplitInfer.Client.Attempts;

/// <summary>
/// Which variant the device runs in place of a server that has failed or is late, where there are several and a deadline: one that is loaded, wherever one is. Another one that was
/// wanted is loaded for the next time. Thread-safe.
/// </summary>
/// <param name="variants">The models.</param>
/// <param name="arms">The arms.</param>
internal sealed class StandInRule(VariantSet variants, ArmCatalog arms)
{
    /// <summary>How much longer than estimated the device may take.</summary>
    public const double Margin = 1.1;

    /// <summary>What timers and threads may add to that, s; no more than a quarter of the time that is left.</summary>
    public const double WakeUpSeconds = 0.01;

    /// <summary>When the device must start at the latest, in seconds from now, so that it has an answer by the deadline; negative where it is too late.</summary>
    /// <param name="remaining">What the request has left, s.</param>
    /// <param name="device">What the device is expected to take, s; more than 0.</param>
    public static double LatestStart(double remaining, double device) => remaining - (Margin * device) - Math.Min(WakeUpSeconds, remaining / 4);

    /// <summary>Whether a time fits into what the request has left; also where nothing tells it.</summary>
    public static bool IsLeft(Attempt attempt, double seconds) => !(seconds > attempt.Budget.RemainingSeconds);

    /// <summary>Whether the device can run the rest from a cut in time, as far as that can be told.</summary>
    /// <param name="attempt">The attempt.</param>
    /// <param name="at">A cut of the variant of its arm.</param>
    public bool CanFinish(Attempt attempt, LocalCut at)
    {
        var model = variants[attempt.Decision.Arm.Variant].Model;
        return IsLeft(attempt, at.EstimateTailSeconds(at == attempt.Cut ? attempt.HeadTime.TotalSeconds : 0, model.WholeSeconds) + model.FinishSeconds);
    }

    /// <summary>Whether an answer of the device may be bettered by the server's: it is that of an exit which was not sure, or is less accurate while the request asks for the most accurate.</summary>
    /// <param name="attempt">The attempt.</param>
    /// <param name="answer">What the device has.</param>
    public bool IsSecondBest(Attempt attempt, in AttemptResult answer) =>
        answer.IsProvisional || (attempt.PrefersServer && variants[attempt.LocalVariant].Accuracy * (answer.Exit > 0 ? answer.Confidence : 1) < arms.AccuracyOf(attempt.Decision.Arm));

    /// <summary>How long a result that the device has may still be held back for a better one.</summary>
    public TimeSpan LeftUntilLastCall(Attempt attempt) => attempt.Budget.LeftUntilLastCall(TimeSpan.FromSeconds(Margin * variants[attempt.LocalVariant].Model.FinishSeconds));

    /// <summary>
    /// For a server that has failed: what was decided where the device can still run it in time, and where the most accurate answer is asked for, the most accurate
    /// variant of which that holds; the fastest where none is in time.
    /// </summary>
    public void ChooseNow(Attempt attempt)
    {
        if (!MayChoose(attempt, out var remaining)) return;
        var own = ReadySeconds(attempt, attempt.LocalVariant);
        var (chosen, seconds, fits) = (attempt.LocalVariant, own, IsInTime(remaining, own));
        if (fits && !attempt.PrefersServer) return;
        for (var place = 0; place < variants.All.Length; place++)
        {
            var other = ReadySeconds(attempt, place);
            if (place == attempt.LocalVariant || !(other > 0)) continue;
            var isInTime = IsInTime(remaining, other);
            var isBetter = isInTime && fits && attempt.PrefersServer ? variants[place].Accuracy > variants[chosen].Accuracy || (variants[place].Accuracy == variants[chosen].Accuracy && other < seconds)
                : isInTime == fits ? !(seconds > 0) || other < seconds
                : isInTime;
            if (isBetter) (chosen, seconds, fits) = (place, other, isInTime);
        }

        if (chosen != attempt.LocalVariant) attempt.StandIn(arms.OnDeviceOf(chosen));
    }

    /// <summary>For a hedge that was planned and begins: another variant where there is no time for that one any more, such as after a slow head, or it is not loaded.</summary>
    public void ChooseAgain(Attempt attempt)
    {
        if (MayChoose(attempt, out var remaining) && (!IsReady(attempt, attempt.LocalVariant) || EstimateSeconds(attempt, attempt.LocalVariant) > remaining)) ChooseNow(attempt);
    }

    /// <summary>For a server that is about to be too late: the fastest variant. What was decided stays where it is no slower.</summary>
    public void ChooseLast(Attempt attempt)
    {
        if (MayChoose(attempt, out _) && Fastest(attempt) is var fastest && fastest != attempt.LocalVariant) attempt.StandIn(arms.OnDeviceOf(fastest));
    }

    /// <summary>How long the fastest variant is expected to take, which can wait for the server longest, s; 0 where nothing tells.</summary>
    public double FastestSeconds(Attempt attempt) => MayChoose(attempt, out _) ? ReadySeconds(attempt, Fastest(attempt)) : EstimateSeconds(attempt, attempt.LocalVariant);

    /// <summary>After a run on the device: loads what was to run and was not loaded, for the next time.</summary>
    public void LoadPlanned(Attempt attempt)
    {
        if (attempt.PlannedVariant is var planned && planned != attempt.LocalVariant && !IsReady(attempt, planned)) variants[planned].Model.LoadWholeSoon();
    }

    /// <summary>Has the device run the variant that was cut, as it has done already.</summary>
    public void KeepOwn(Attempt attempt)
    {
        if (attempt.LocalVariant != attempt.Decision.Arm.Variant) attempt.StandIn(arms.OnDeviceOf(attempt.Decision.Arm.Variant));
    }

    private bool MayChoose(Attempt attempt, out double remaining)
    {
        remaining = attempt.Budget.RemainingSeconds ?? double.PositiveInfinity;
        return variants.AreSeveral && attempt.Budget.IsLimited && !attempt.Decision.IsNamed;
    }

    private int Fastest(Attempt attempt)
    {
        var (fastest, seconds) = (attempt.LocalVariant, ReadySeconds(attempt, attempt.LocalVariant));
        for (var place = 0; place < variants.All.Length; place++)
            if (ReadySeconds(attempt, place) is > 0 and var other && (!(seconds > 0) || other < seconds)) (fastest, seconds) = (place, other);
        return fastest;
    }

    private static bool IsInTime(double remaining, double device) => device > 0 && LatestStart(remaining, device) >= 0;

    private bool IsReady(Attempt attempt, int variant) => variant == attempt.Decision.Arm.Variant ? attempt.Cut.IsTailReady : variants[variant].Model.IsWholeLoaded;

    // How long loading takes nobody knows.
    private double ReadySeconds(Attempt attempt, int variant) => IsReady(attempt, variant) ? EstimateSeconds(attempt, variant) : 0;

    private double EstimateSeconds(Attempt attempt, int variant)
    {
        var model = variants[variant].Model;
        var seconds = variant == attempt.Decision.Arm.Variant ? attempt.Cut.EstimateTailSeconds(attempt.HeadTime.TotalSeconds, model.WholeSeconds) : model.WholeSeconds;
        return seconds > 0 ? seconds + model.FinishSeconds : 0;
    }
}
