using System.Text.Json.Serialization;
using SplitInfer.Tailoring.Evaluation;

namespace SplitInfer.Cli.Commands.Evaluate;

/// <summary>What one model is worth. Bounds are one-sided, with 95 % confidence.</summary>
internal sealed record EvaluationLine(
    string Model, int Samples, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Top1, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Top1Low,
    double Agreement, double AgreementLow, double Cosine, double Ms, long Bytes)
{
    public static EvaluationLine Of(ModelScore score) =>
        new(score.Model, score.Samples, score.Top1, score.Top1Low, score.Agreement, score.AgreementLow, score.Cosine, score.Seconds * 1000, score.Bytes);
}
