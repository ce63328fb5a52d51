using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Tailoring.Calibration;
using SplitInfer.Tailoring.Evaluation;
using SplitInfer.Tailoring.Quantization;
using SplitInfer.Tailoring.Statistics;
using SplitInfer.Tailoring.Surgery;
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
    /// <param name="statistics">What its values are. Products of values without a range are left out, since they stay in float32 anyway.</param>
    /// <param name="format">How products are quantised.</param>
    /// <param name="execution">How models are run.</param>
    /// <param name="report">Is told of each product.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <exception cref="TransformationRefusedException">A product cannot be quantised.</exception>
    /// <exception cref="EngineException">A model does not run.</exception>
    public static IReadOnlyList<(string Product, double Loss)> Run(
        OnnxModel model, IReadOnlyList<TensorSpec> inputs, ISampleSource samples, SampleStatistics statistics, Int8Options format, ExecutionOptions execution, TailoringReport report, CancellationToken cancellationToken)
    {
        var edit = new GraphEdit(model);
        string[] products = [.. StaticInt8.Products(edit, statistics)];
        using var session = ModelSessions.Load(model, execution);
        using var reference = new ReferenceAnswers(session, samples, inputs);
        var losses = new List<(string, double)>();
        foreach (var product in products)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Int8Options only = new() { Activations = format.Activations, WeightBits = format.WeightBits, Ranges = format.Ranges, Percentile = format.Percentile, CorrectsBias = format.CorrectsBias, KeptInFloat = products.Where(p => p != product).ToHashSet(StringComparer.Ordinal) };
            using var other = ModelSessions.Load(new StaticInt8(statistics, only).Apply(model, cancellationToken).Model, execution);
            losses.Add((product, reference.Compare(other, cancellationToken).Average(static comparison => 1 - comparison.Cosine)));
            report.Say("Finding sensitive products", losses.Count, products.Length);
        }

        return [.. losses.OrderByDescending(static loss => loss.Item2)];
    }
}
