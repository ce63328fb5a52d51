using SplitInfer.Models;
using SplitInfer.Tailoring.Calibration;
using SplitInfer.Tailoring.Evaluation;
using SplitInfer.Tailoring.Statistics;
using SplitInfer.Tailoring.Surgery;
using SplitInfer.Tailoring.Quantization;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Families;

/// <summary>
/// Which products suffer most from 8 bits: each in turn is the only one in integers, and what counts is how far the outputs turn away from those of the model,
/// 1 − cosine.
/// </summary>
internal static class SensitivityScan
{
    /// <summary>The products, the most sensitive first, each by the name of its first output.</summary>
    /// <param name="model">The model, normalised.</param>
    /// <param name="inputs">Its inputs.</param>
    /// <param name="samples">A few samples.</param>
    /// <param name="statistics">What its values are.</param>
    /// <param name="format">How products are quantised.</param>
    /// <param name="evaluation">How models are run.</param>
    /// <param name="productEnded">Called after each product.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    public static IReadOnlyList<(string Product, double Loss)> Run(
        OnnxModel model, IReadOnlyList<TensorSpec> inputs, ISampleSource samples, SampleStatistics statistics, Int8Options format, EvaluationOptions evaluation, Action productEnded, CancellationToken cancellationToken)
    {
        var products = StaticInt8.Products(new GraphEdit(model));
        var expected = AnswersOf(model);
        var losses = new List<(string, double)>();
        foreach (var product in products)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Int8Options only = new() { Activations = format.Activations, WeightBits = format.WeightBits, Ranges = format.Ranges, Percentile = format.Percentile, CorrectsBias = format.CorrectsBias, KeptInFloat = products.Where(p => p != product).ToHashSet(StringComparer.Ordinal) };
            var answers = AnswersOf(new StaticInt8(statistics, only).Apply(model, cancellationToken).Model);
            losses.Add((product, Enumerable.Range(0, samples.Count).Average(sample => 1 - answers.Cosine(sample, expected))));
            productEnded();
        }

        return [.. losses.OrderByDescending(static loss => loss.Item2)];

        Answers AnswersOf(OnnxModel of)
        {
            using var session = ModelSessions.Load(of, evaluation.Execution);
            return Answers.Of(session, SampleRuns.Of(session, samples, inputs), sampleEnded: null, cancellationToken);
        }
    }
}
