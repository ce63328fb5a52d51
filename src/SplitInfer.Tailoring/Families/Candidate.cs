using System.Collections.Immutable;
using SplitInfer.Families;
using SplitInfer.Models;
using SplitInfer.Tailoring.Evaluation;

namespace SplitInfer.Tailoring.Families;

/// <summary>A variant that was made and measured, and may or may not be delivered.</summary>
/// <param name="Name">The name of the variant.</param>
/// <param name="Isa">The processor that it is for; null where it is for any.</param>
/// <param name="Parent">The variant that it was made of; null for the model itself.</param>
/// <param name="Model">The model.</param>
/// <param name="Bytes">The ONNX file.</param>
/// <param name="Steps">What was done, in order.</param>
internal sealed record Candidate(string Name, string? Isa, string? Parent, OnnxModel Model, ReadOnlyMemory<byte> Bytes, ImmutableArray<string> Steps)
{
    /// <summary>How good the answers are, and how long one thread takes.</summary>
    public required ModelScore Score { get; init; }

    /// <summary>By threads: what a run takes, the upper quartile in ms, and what the file and the original take in the same run.</summary>
    public required IReadOnlyDictionary<int, CandidateTime> Times { get; init; }

    /// <summary>Whether this variant is what a target asks for, on this machine.</summary>
    public bool Meets(TailoringTarget target, double confidence) =>
        IsFor(target) && MeetsTime(target) && MeetsSize(target) && MeetsAgreement(target, confidence);

    public bool IsFor(TailoringTarget target) => Isa is null || Isa == (target.Isa ?? InstructionSet.Here);

    public bool MeetsTime(TailoringTarget target) => target.MaxMs is not { } limit || Times[target.Threads].Upper * 1000 <= limit;

    public bool MeetsSize(TailoringTarget target) => target.MaxBytes is not { } limit || Bytes.Length <= limit;

    public bool MeetsAgreement(TailoringTarget target, double confidence) =>
        target.MinAgreement is not { } least || Agreement(confidence) >= least;

    /// <summary>The share of agreeing answers that can be promised. That of a model with the same answers by construction is 1.</summary>
    public double Agreement(double confidence) => IsExact ? 1 : BinomialBound.Lower(Score.Agreeing, Score.Samples, confidence);

    /// <summary>Whether only rounding tells it from the original.</summary>
    public bool IsExact { get; init; }

    public FamilyVariant ToVariant(string file, bool isParetoOptimal) => new()
    {
        Name = Name,
        File = file,
        Fingerprint = Model.Fingerprint,
        Parent = Parent,
        Isa = Isa,
        Steps = Steps,
        Bytes = Bytes.Length,
        Times = [.. Times.OrderBy(static t => t.Key).Select(static t => new VariantTime(t.Key, t.Value.Median * 1000, t.Value.Base * 1000))],
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
internal sealed record CandidateTime(double Median, double Upper, double Base);
