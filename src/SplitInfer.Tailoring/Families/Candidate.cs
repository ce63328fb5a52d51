using SplitInfer.Families;
using SplitInfer.Models;
using SplitInfer.Tailoring.Evaluation;

namespace SplitInfer.Tailoring.Families;

/// <summary>A variant that was made and measured, and may or may not be delivered.</summary>
/// <param name="Name">The name of the variant.</param>
/// <param name="Isa">The processor that it is for; null where it is for any.</param>
/// <param name="Made">The variant.</param>
internal sealed record Candidate(string Name, string? Isa, MadeVariant Made)
{
    /// <summary>The share of answers below which a variant is useless.</summary>
    public const double LeastUse = 0.5;

    /// <summary>The model.</summary>
    public OnnxModel Model => Made.Model;

    /// <summary>The ONNX file.</summary>
    public ReadOnlyMemory<byte> Bytes => Made.Bytes;

    /// <summary>How good the answers are.</summary>
    public required ModelScore Score { get; init; }

    /// <summary>By threads: what a run takes, and what the original takes in the same run.</summary>
    public required IReadOnlyDictionary<int, CandidateTime> Times { get; init; }

    /// <summary>The share of the risk of a promise that falls to this variant.</summary>
    public required double RiskShare { get; init; }

    /// <summary>Whether only rounding tells it from the original.</summary>
    public bool IsExact { get; init; }

    /// <summary>Whether its times were taken in turn with those of the other variants that are delivered.</summary>
    public bool IsTimedTogether { get; init; }

    /// <summary>Whether its times say something: not so on another processor than it is for.</summary>
    public bool IsForHere => Isa is null || Isa == InstructionSets.Here;

    /// <summary>Whether it says hardly anything of the model: with 95 % confidence, fewer than half of the answers agree. What only writes the model otherwise is never useless.</summary>
    public bool IsUseless => Made.Parent is not null && BinomialBound.Upper(Score.Agreeing, Score.Samples) < LeastUse;

    /// <summary>Whether this variant is what a target asks for, on this machine.</summary>
    public bool Meets(TailoringTarget target, double confidence) =>
        IsFor(target) && MeetsTime(target) && MeetsSize(target) && MeetsAgreement(target, confidence);

    public bool IsFor(TailoringTarget target) => Isa is null || Isa == (target.Isa ?? InstructionSets.Here);

    public bool MeetsTime(TailoringTarget target) => target.MaxMs is not { } limit || Times[target.Threads].Upper * 1000 <= limit;

    public bool MeetsSize(TailoringTarget target) => target.MaxBytes is not { } limit || Bytes.Length <= limit;

    public bool MeetsAgreement(TailoringTarget target, double confidence) =>
        target.MinAgreement is { } least ? Agreement(confidence) >= least : !IsUseless;

    /// <summary>The share of agreeing answers that can be promised, whichever variant is taken in the end. That of a model with the same answers by construction is 1.</summary>
    public double Agreement(double confidence) => IsExact ? 1 : BinomialBound.Lower(Score.Agreeing, Score.Samples, 1 - ((1 - confidence) * RiskShare));

    public FamilyVariant ToVariant(string file, bool isParetoOptimal) => new()
    {
        Name = Name,
        File = file,
        Fingerprint = Model.Fingerprint,
        Parent = Made.Parent,
        Isa = Isa,
        IsTimedElsewhere = !IsForHere,
        Steps = [.. Made.Steps.Select(ShownText.Of)],
        Bytes = Bytes.Length,
        Times = [.. Times.OrderBy(static t => t.Key).Select(static t => new VariantTime(t.Key, t.Value.Median * 1000, t.Value.Base * 1000) { UpperMilliseconds = t.Value.Upper * 1000 })],
        Agreement = Score.Agreement,
        AgreementLow = Score.AgreementLow,
        Cosine = Score.Cosine,
        Accuracy = Score.Top1,
        AccuracyLow = Score.Top1Low,
        IsParetoOptimal = isParetoOptimal,
    };
}

/// <summary>What a run takes, s.</summary>
/// <param name="Median">The median.</param>
/// <param name="Upper">The upper quartile.</param>
/// <param name="Base">The median of the original model, taken in turn.</param>
internal sealed record CandidateTime(double Median, double Upper, double Base)
{
    /// <summary>The share of the original's time, which can be compared with that of another moment.</summary>
    public double Relative => Median / Base;
}
