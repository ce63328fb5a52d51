using System.Globalization;
using SplitInfer.Models.Onnx;
using SplitInfer.Tailoring.Statistics;
using SplitInfer.Tailoring.Surgery;

namespace SplitInfer.Tailoring.Quantization;

/// <summary>
/// Products of 8-bit integers with ranges that are fixed beforehand: every activation x is written as s·(q − z) with a scale and a zero point from
/// what it was over samples, weights as s_c·q by channel, biases as 32-bit integers of scale s·s_c. The graph says so by pairs of <c>QuantizeLinear</c>
/// and <c>DequantizeLinear</c>, which engines make integer kernels of. Lossy; about a quarter of the bytes.
/// Refused where there is nothing to multiply, and for models of old operators: normalise them first.
/// </summary>
public sealed class StaticInt8 : ModelTransformation
{
    /// <summary>Since this version scales can be given by channel.</summary>
    private const long LeastOpset = 13;

    // Scales of Concat's inputs that differ more than this cost more in precision than one scale saves in time.
    private const double AlikeRanges = 2;

    private readonly SampleStatistics _statistics;
    private readonly Int8Options _options;

    /// <summary>Prepares the transformation.</summary>
    /// <param name="statistics">What the values of the model that will be transformed were over samples; at best some hundred.</param>
    /// <param name="options">How it is done; null for the defaults.</param>
    /// <exception cref="ArgumentException">An option is invalid, or there are no samples.</exception>
    public StaticInt8(SampleStatistics statistics, Int8Options? options = null)
    {
        ArgumentNullException.ThrowIfNull(statistics);
        options ??= new();
        options.Validate();
        if (statistics.Samples == 0) throw new ArgumentException("The statistics are of no sample; collect them on at least one.", nameof(statistics));
        (_statistics, _options) = (statistics, options);
    }

    /// <inheritdoc/>
    public override string Name => "int8";

    /// <summary>The products of a model that would compute in integers, each by the name of its first output, in order.</summary>
    internal static IReadOnlyList<string> Products(GraphEdit edit, SampleStatistics statistics) => [.. edit.Graph.Node.Where(n => QuantizedOperations.IsQuantizable(edit, n, statistics)).Select(static n => n.Output[0])];

    private protected override void Change(GraphEdit edit, CancellationToken cancellationToken)
    {
        if (edit.Opset == 0) throw edit.Refusal(Name, "it has no operators of ONNX itself, and so no product that could be in integers");
        if (edit.Opset < LeastOpset) throw edit.Refusal(Name, $"its operators are of version {edit.Opset}, and scales by channel take {LeastOpset}; normalise the model first");
        if (edit.Origin != _statistics.Model) throw edit.Refusal(Name, $"the statistics are of another model, {_statistics.Model}; collect them with this one");
        var operations = QuantizedOperations.Of(edit, node => _options.KeptInFloat.Contains(node.Output[0]), _statistics);
        NodeProto[] nodes = [.. operations.Nodes];
        var (products, all) = (nodes.Count(n => QuantizedOperations.IsProduct(edit, n)), edit.Graph.Node.Count(n => QuantizedOperations.IsProduct(edit, n)));
        if (all == 0) throw edit.Refusal(Name, $"no Conv, Gemm or MatMul multiplies an activation with constant float32 weights{MissingProducts.Describe(edit)}");
        if (products == 0)
        {
            throw edit.Refusal(Name, Products(edit, _statistics).Count > 0
                ? "all products are kept in float"
                : "on the samples, what its products read or yield was always 0, or infinite, or no number, so that no range is known; give other samples");
        }

        var ranges = RangesOf(edit, operations, nodes);
        cancellationToken.ThrowIfCancellationRequested();
        foreach (var node in nodes.Where(n => QuantizedOperations.IsProduct(edit, n)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            new WeightQuantization(edit, _options, _statistics).Change(node, ranges[node.Input[0]]);
        }

        var activations = new ActivationQuantization(edit, _options.Activations, ranges);
        foreach (var value in ranges.Keys) activations.Insert(value, operations);
        edit.Note(string.Create(CultureInfo.InvariantCulture, $"{products} of {all} products in {_options.WeightBits}-bit weights and {(_options.Activations == ActivationFormat.Unsigned ? "unsigned" : "signed")} 8-bit activations"));
    }

    /// <summary>The range of every value that is quantised, by its name, in the order of the graph.</summary>
    private Dictionary<string, QuantizationRange> RangesOf(GraphEdit edit, QuantizedOperations operations, NodeProto[] nodes)
    {
        var ranges = new Dictionary<string, QuantizationRange>(StringComparer.Ordinal);
        foreach (var node in nodes)
        {
            foreach (var input in QuantizedOperations.Activations(edit, node)) ranges.TryAdd(input, RangeOf(input));
            var result = QuantizedOperations.Result(edit, node);
            if (QuantizedOperations.IsMover(node)) ranges[result] = ranges[node.Input[0]];
            // A Gemm or MatMul can yield float32 itself.
            else if (Ops.Is(node, "Conv") || edit.ReadersOf(result).Any(operations.Has)) ranges.TryAdd(result, RangeOf(result));
        }

        foreach (var node in nodes.Where(static n => Ops.Is(n, "Concat")).Reverse()) Unite(edit, ranges, node);
        foreach (var node in nodes.Where(QuantizedOperations.IsMover)) ranges[QuantizedOperations.Result(edit, node)] = ranges[node.Input[0]];
        return ranges;
    }

    /// <summary>Gives the inputs of a <c>Concat</c> its own scale where they are alike, so that it only copies.</summary>
    private static void Unite(GraphEdit edit, Dictionary<string, QuantizationRange> ranges, NodeProto concat)
    {
        var result = QuantizedOperations.Result(edit, concat);
        QuantizationRange[] parts = [.. concat.Input.Select(input => ranges[input])];
        if (parts.Max(static p => p.Scale) > AlikeRanges * parts.Min(static p => p.Scale)) return;
        var all = parts.Aggregate(static (left, right) => left.Or(right));
        foreach (var input in concat.Input) ranges[input] = all;
        ranges[result] = all;
    }

    private QuantizationRange RangeOf(string value) => QuantizationRange.Of(_statistics.Find(value)!, _options.Ranges, _options.Percentile);
}
