using System.Collections.Frozen;

namespace SplitInfer.Policies.Experience;

/// <summary>
/// The knobs of an <see cref="ExperienceModel"/>. Immutable. A value out of range throws <see cref="ArgumentOutOfRangeException"/> when the model is made. Standard deviations are from
/// 1e-6 to 1e6; one that is over 10,000 times <see cref="RatingDeviation"/> counts as that.
/// </summary>
public sealed class ExperienceOptions
{
    /// <summary>Standard deviation of a rating around what its user thinks. 0.15 by default.</summary>
    public double RatingDeviation { get; init; } = 0.15;

    /// <summary>How far users differ in the level of their ratings; a standard deviation. 0.15 by default.</summary>
    public double LevelDeviation { get; init; } = 0.15;

    /// <summary>How far users differ in what a feature is worth to them, from its least to its highest value; a standard deviation. 0.3 by default.</summary>
    public double TasteDeviation { get; init; } = 0.3;

    /// <summary>How uncertain the common part of the model is before any rating, in the same way. 0.5 by default.</summary>
    public double PriorDeviation { get; init; } = 0.5;

    /// <summary>Standard deviations by which a variant may be better than believed when it is chosen, at least 0. 0.3 by default.</summary>
    public double Optimism { get; init; } = 0.3;

    /// <summary>What of this device's ratings is left of their weight after one further rating, above 0 to 1: tastes change. 0.98 by default.</summary>
    public double Memory { get; init; } = 0.98;

    /// <summary>The most that an implicit signal weighs against a rating, 0 to 1. 0.25 by default; 0 leaves signals out.</summary>
    public double SignalWeight { get; init; } = 0.25;

    /// <summary>
    /// Signals that are not taken, whoever notes them: <see cref="ImplicitSignal.Repeated"/> where the same input comes again without anybody's displeasure, as with a camera that stands
    /// still, or <see cref="ImplicitSignal.Abandoned"/> where an application cancels calls for reasons of its own. None by default.
    /// </summary>
    public IReadOnlySet<ImplicitSignal> IgnoredSignals { get; init; } = FrozenSet<ImplicitSignal>.Empty;

    /// <summary>The share of sessions in which there may be a question, 0 to 1. 0.1 by default.</summary>
    public double QuestionShare { get; init; } = 0.1;

    /// <summary>Questions that a new device may ask whatever <see cref="QuestionShare"/> says, at least 0. 5 by default.</summary>
    public int FirstQuestions { get; init; } = 5;

    /// <summary>A question is worth asking while the difference of the two best variants is less certain than this; a standard deviation, at least 0. 0.03 by default.</summary>
    public double MinQuestionDeviation { get; init; } = 0.03;

    /// <summary>Statistics are shared once the determinant of the precision matrix has grown by this part (C of FedLinUCB), above 0. 0.02 by default.</summary>
    public double ShareGrowth { get; init; } = 0.02;

    /// <summary>The least time between two shares. A day by default, so that a day brings at most one upload.</summary>
    public TimeSpan ShareInterval { get; init; } = TimeSpan.FromDays(1);

    internal void Validate()
    {
        RequireDeviation(RatingDeviation, nameof(RatingDeviation));
        RequireDeviation(LevelDeviation, nameof(LevelDeviation));
        RequireDeviation(TasteDeviation, nameof(TasteDeviation));
        RequireDeviation(PriorDeviation, nameof(PriorDeviation));
        Require(Optimism >= 0 && double.IsFinite(Optimism), nameof(Optimism), "at least 0");
        Require(Memory is > 0 and <= 1, nameof(Memory), "above 0 and at most 1");
        Require(SignalWeight is >= 0 and <= 1, nameof(SignalWeight), "from 0 to 1");
        Require(IgnoredSignals is not null && IgnoredSignals.All(Enum.IsDefined), nameof(IgnoredSignals), $"of {string.Join(", ", Enum.GetNames<ImplicitSignal>())}");
        Require(QuestionShare is >= 0 and <= 1, nameof(QuestionShare), "from 0 to 1");
        Require(FirstQuestions >= 0, nameof(FirstQuestions), "at least 0");
        Require(MinQuestionDeviation >= 0, nameof(MinQuestionDeviation), "at least 0");
        Require(ShareGrowth > 0, nameof(ShareGrowth), "above 0");
        Require(ShareInterval >= TimeSpan.Zero, nameof(ShareInterval), "at least zero");
    }

    private static void RequireDeviation(double deviation, string name) => Require(deviation is >= 1e-6 and <= 1e6, name, "from 1e-6 to 1e6");

    private static void Require(bool holds, string name, string range)
    {
        if (!holds) throw new ArgumentOutOfRangeException(name, $"{name} must be {range}.");
    }
}
