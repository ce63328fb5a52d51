using System.Globalization;
using SplitInfer.Tailoring.Evaluation;
using SplitInfer.Tailoring.Surgery;

namespace SplitInfer.Tailoring.Families;

/// <content>Variants in integers.</content>
internal sealed partial class VariantWorkshop
{
    /// <summary>Whether so many multiplications less can do: at best time goes with them.</summary>
    private static bool CanBeFastEnough(Candidate int8, TailoringTarget target, int percent) =>
        target.MaxMs is not { } limit || int8.Times[target.Threads].Median * 1000 * (1 - (percent / 100.0)) <= limit;

    private bool TryMakeInt8(string isa, int kept)
    {
        var (format, name) = (InstructionSet.FormatFor(isa), NameOf(kept == 0 ? "int8" : string.Create(CultureInfo.InvariantCulture, $"int8-keep{kept}"), isa));
        return Try(name, isa, kept == 0 ? VariantKind.Int8 : VariantKind.MixedInt8, $"int8 {format} {kept}", () => _maker.Int8(format, kept));
    }

    private bool TryMakePruned(string isa, int percent)
    {
        var (format, name) = (InstructionSet.FormatFor(isa), NameOf(string.Create(CultureInfo.InvariantCulture, $"int8-pruned{percent}"), isa));
        return Try(name, isa, VariantKind.PrunedInt8, $"int8-pruned {format} {percent}", () =>
            ProblemOf(percent) is { } problem ? throw new TransformationRefusedException("pruning", _model.Source, problem) : _maker.PrunedInt8(format, percent));
    }

    /// <summary>Why no target can be met with so many channels less, whatever integers cost on top; null where that is not so.</summary>
    private string? ProblemOf(int percent)
    {
        if (_prunedProblems.TryGetValue(percent, out var known)) return known;
        if (_prunedProblems.FirstOrDefault(less => less.Key < percent && less.Value is not null) is { Value: { } problem }) return _prunedProblems[percent] = problem;
        var (samples, risk) = (_samples.Judging.Count, (1 - _options.PromiseConfidence) * PromiseRisk.ShareOf(VariantKind.PrunedInt8, _options.MaxMixedVariants));
        var tally = _judge.Judge(_maker.Pruned(percent).Model, IsHopeless);
        return _prunedProblems[percent] = IsHopeless(tally) ? $"even in float32, with {percent} % less, {tally.Agreeing} of {tally.Samples} answers agree, and every target asks for more" : null;

        bool IsHopeless(AnswerTally tally) => BinomialBound.Lower(samples - (tally.Samples - tally.Agreeing), samples, 1 - risk) < _leastAgreement;
    }
}
