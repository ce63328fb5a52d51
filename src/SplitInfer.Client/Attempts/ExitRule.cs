using SplitInfer.Client.Arms;
using SplitInfer.Client.Device;
using SplitInfer.Tensors;

namespace SplitInfer.Client.Attempts;

/// <summary>How exits of the device may answer one request. The default value has none answer.</summary>
internal readonly record struct ExitRule
{
    /// <summary>The exits of the variant that is cut; null where they are of no use to the request.</summary>
    public DeviceExits? Exits { get; private init; }

    /// <summary>Whether one that is sure answers, and ends the request.</summary>
    public bool AnswersWhereSure { get; private init; }

    /// <summary>Whether the exit on the cut answers however sure it is.</summary>
    public bool AnswersAlways { get; private init; }

    /// <summary>Whether the exit of the arm may answer, where it is sure or in any case.</summary>
    public bool MayAnswer => AnswersWhereSure || AnswersAlways;

    /// <summary>Whether what one says that is not sure is kept, for the deadline.</summary>
    public bool KeepsUnsure { get; private init; }

    /// <summary>How sure an answer has to be to be kept, 0 to 1.</summary>
    public double LeastConfidence { get; private init; }

    /// <summary>The rule for a request.</summary>
    /// <param name="exits">The exits of the variant that is cut; null where it has none.</param>
    /// <param name="setting">How the arm has the exit on the cut answer; null where it does not.</param>
    /// <param name="minQuality">The least share of answers that are to be the model's own; null where the request does not say.</param>
    /// <param name="keepsUnsure">Whether an answer that is not sure is better than none, since the request has a deadline and the device may finish it.</param>
    public static ExitRule For(DeviceExits? exits, ArmExit? setting, double? minQuality, bool keepsUnsure)
    {
        // Who asks for the model itself is given nothing else, and an exit may be as good as certain.
        if (exits is null || minQuality is 1) return default;
        var isAllowed = setting is not null && !(minQuality > setting.Quality);
        return new()
        {
            Exits = exits,
            AnswersWhereSure = isAllowed && !(minQuality > exits.PromisedQuality),
            AnswersAlways = isAllowed && setting!.IsForced,
            KeepsUnsure = keepsUnsure,
            LeastConfidence = minQuality ?? 0,
        };
    }

    /// <summary>Whether the exit of an arm of the variant is to answer however sure it is.</summary>
    public bool IsForced(in Policies.Arm arm) => Exits is not null && arm.Exit > Exits.Count;

    /// <summary>Asks the exit on a cut.</summary>
    /// <param name="partition">The cut.</param>
    /// <param name="boundary">What crosses it; the caller keeps ownership.</param>
    /// <param name="isOfArm">Whether it is the cut of the arm, on which <see cref="AnswersAlways"/> counts.</param>
    /// <returns>What it says, which the caller owns; null where there is no exit, it would be of no use, or it makes nothing of such values.</returns>
    public AttemptResult? Ask(int partition, ReadOnlySpan<TensorValue> boundary, bool isOfArm)
    {
        if (Exits is null || !(AnswersWhereSure || KeepsUnsure || (AnswersAlways && isOfArm)) || Exits.On(partition) is not (> 0 and var exit) || !Exits.Suits(exit, boundary)) return null;
        var output = Exits.Evaluate(exit, boundary, out var answer);
        var isAnswer = answer.Confidence > 0 && ((AnswersWhereSure && answer.IsExit) || (AnswersAlways && isOfArm));
        if (isAnswer || (KeepsUnsure && answer.Confidence > 0 && answer.Confidence >= LeastConfidence))
            return new(new([output], TimeSpan.Zero), Policies.ServerOutcome.NotAsked) { Exit = exit, Confidence = answer.Confidence, IsProvisional = !isAnswer };
        output.Dispose();
        return null;
    }
}
