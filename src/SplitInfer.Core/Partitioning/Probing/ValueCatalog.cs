using System.Collections.Immutable;
using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Tensors;

namespace SplitInfer.Partitioning.Probing;

/// <summary>
/// Types and dimensions of all values of a model, as ONNX Runtime infers them from the declared inputs only: what a file declares for other
/// values may be wrong. A run measures sizes, never types or ranks, so that client and server know the same of every value whatever
/// inputs they have. Immutable.
/// </summary>
internal sealed class ValueCatalog
{
    // Shapes follow from shapes, but in few steps in any model that was not made for it.
    private const int MaxFoldings = 4;

    private readonly Dictionary<string, ValueEntry> _entries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ImmutableArray<long>> _initializers;

    private ValueCatalog(ModelGraph graph, IEnumerable<EngineValue> values, SpecReader reader, Measurement measurement)
    {
        (Sizes, MeasureFailure) = (measurement.Sizes, measurement.Failure);
        foreach (var info in values) _entries.Add(info.Name, Entry(info, reader, measurement));
        var types = graph.Model.Graph.Initializer.ToDictionary(static i => i.Name, static i => (ElementType)i.DataType, StringComparer.Ordinal);
        Wide = new(graph, name => _entries.TryGetValue(name, out var entry) ? entry.Spec.Type : types.GetValueOrDefault(name));
        foreach (var value in graph.Values.Where(Wide.Has)) _entries.Add(Wide.NameOf(value.Name), WideForm(_entries[value.Name]));
        _initializers = graph.Model.Graph.Initializer.ToDictionary(static i => i.Name, static i => i.Dims.ToImmutableArray(), StringComparer.Ordinal);
    }

    /// <summary>The nodes that the device runs after the tail, because their results cannot be transferred; null if there are none.</summary>
    public DeviceFinish? Finish { get; private init; }

    /// <summary>The sizes that the catalog was made with.</summary>
    public NominalSizes Sizes { get; }

    /// <summary>The values that cross as float32 though the model has them as float16.</summary>
    public WideFloats Wide { get; }

    /// <summary>Why the model could not be run to measure sizes that its file does not fix; null if it could, or if there are none.</summary>
    public string? MeasureFailure { get; }

    /// <summary>What is known of a value.</summary>
    public ValueEntry this[string name] => _entries[name];

    /// <summary>What is known of a value as it crosses a cut.</summary>
    public ValueEntry Crossing(GraphValue value) => _entries[Wide.Has(value) ? Wide.NameOf(value.Name) : value.Name];

    /// <summary>The bytes of a value for the sizes that the plan is made with; 0 if they are unknown.</summary>
    public double NominalBytesOf(string name) => _entries.TryGetValue(name, out var entry) ? entry.NominalBytes : 0;

    /// <summary>The dimensions of a value or constant for the sizes that the plan is made with; default where they are unknown.</summary>
    public ImmutableArray<long> NominalShapeOf(string name) =>
        _entries.TryGetValue(name, out var entry) ? entry.NominalShape : _initializers.GetValueOrDefault(name);

    /// <summary>Infers with ONNX Runtime, and measures by a run the sizes that are still unknown.</summary>
    /// <param name="graph">The graph; what shapes tell becomes constant in it.</param>
    /// <param name="options">How the plan is made.</param>
    /// <param name="execution">How the model is run.</param>
    /// <exception cref="EngineException">ONNX Runtime refuses the model.</exception>
    /// <exception cref="ModelNotSupportedException">The model takes or yields something that is not a dense tensor.</exception>
    /// <exception cref="TensorMismatchException">A sample input is not one that the model takes.</exception>
    public static ValueCatalog Of(ref ModelGraph graph, PlanOptions options, ExecutionOptions execution)
    {
        var values = Infer(ref graph, execution);
        var finish = DeviceFinish.Take(ref graph, values);
        if (finish is not null) values = Infer(ref graph, execution);
        CheckEnds(graph, values);
        LoadCheck.Run(graph, values, execution);
        var reader = new SpecReader(graph.Inputs.Select(i => values[i.Name]), BehindDoubtful(graph).Contains);
        ImmutableArray<TensorSpec> inputs = [.. graph.Inputs.Select(i => reader.Read(values[i.Name]))];
        CheckGiven(inputs, options, graph.Model.Source);
        string[] open = [.. values.Values.Where(v => v.Kind == EngineValueKind.Tensor && !reader.Read(v).IsStatic).Select(static v => v.Name)];
        return new(graph, values.Values, reader, Measurement.Of(graph, inputs, open, name => values.TryGetValue(name, out var value) ? reader.Read(value) : null, options, execution)) { Finish = finish };
    }

    /// <summary>Infers types and dimensions. If known dimensions make values constant, infers again, because more may follow from them.</summary>
    private static IReadOnlyDictionary<string, EngineValue> Infer(ref ModelGraph graph, ExecutionOptions execution)
    {
        var values = Inference.Of(graph, execution);
        for (var round = 0; round < MaxFoldings; round++)
        {
            var folded = ShapeFolding.Apply(graph, ShapeOf);
            if (folded == graph) break;
            try
            {
                values = Inference.Of(folded, execution);
                graph = folded;
            }
            catch (EngineException)
            {
                // Folded, a branch that is never taken can turn out to contradict itself.
                break;
            }
        }

        return values;

        ImmutableArray<long> ShapeOf(string name) => values.TryGetValue(name, out var value) && value is { Kind: EngineValueKind.Tensor, HasShape: true } ? value.Dimensions : default;
    }

    /// <summary>What operators of other domains and bodies lead to: their rules for dimensions are the engine's guess or the file's claim.</summary>
    private static HashSet<string> BehindDoubtful(ModelGraph graph)
    {
        var doubtful = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (index, node) in graph.Nodes.Index())
            if (!node.IsStandard || node.Proto.Attribute.Any(static a => a.G is not null) || graph.Reads[index].Any(doubtful.Contains)) doubtful.UnionWith(node.Outputs);
        return doubtful;
    }

    private static ValueEntry Entry(EngineValue info, SpecReader reader, Measurement measurement)
    {
        var spec = reader.Read(info);
        var measured = measurement.ShapeOf(info.Name);
        var shape = measured.IsDefault && spec.IsRanked ? [.. spec.Dimensions.Select(measurement.Sizes.SizeOf)] : measured;
        return new(spec, shape, ReasonOf(info.Kind, spec), Doubt(spec, measured, measurement.Sizes));
    }

    private static string? Doubt(TensorSpec spec, ImmutableArray<long> measured, NominalSizes sizes) =>
        !measured.IsDefault && spec.IsRanked && (spec.Dimensions.Length != measured.Length || !spec.Dimensions.Zip(measured, sizes.IsPossible).All(static possible => possible))
            ? $"had dimensions {string.Join('×', measured)} in a run, where the model's types say {spec}"
            : null;

    private ValueEntry WideForm(ValueEntry half)
    {
        var (name, spec) = (Wide.NameOf(half.Spec.Name), half.Spec);
        return new(spec.IsRanked ? new(name, ElementType.Float32, spec.Dimensions.AsSpan()) : TensorSpec.Unranked(name, ElementType.Float32), half.NominalShape, half.NotTransferableReason, half.Doubt);
    }

    private static void CheckEnds(ModelGraph graph, IReadOnlyDictionary<string, EngineValue> values)
    {
        foreach (var (name, what) in graph.Inputs.Select(static i => (i.Name, "input")).Concat(graph.Outputs.Select(static o => (o.Name, "output"))))
        {
            var (kind, type) = (values[name].Kind, values[name].ElementType);
            if (kind != EngineValueKind.Tensor)
                throw new ModelNotSupportedException($"{graph.Model.Source}: the {what} '{name}' {ReasonOf(kind, TensorSpec.Unranked(name, default))}, and only dense tensors can be passed. Export the model with tensors in its place.");
            if (!type.CanBeBound())
                throw new ModelNotSupportedException($"{graph.Model.Source}: the {what} '{name}' {ReasonOf(kind, TensorSpec.Unranked(name, type))}. Cast it in the model to int8, uint8 or a float type of 16 bits or more.");
        }
    }

    private static void CheckGiven(ImmutableArray<TensorSpec> inputs, PlanOptions options, string source)
    {
        var symbols = inputs.SelectMany(static i => i.Dimensions).Select(static d => d.Symbol).OfType<string>().ToHashSet(StringComparer.Ordinal);
        if (options.DimensionSizes.Keys.FirstOrDefault(symbol => !symbols.Contains(symbol)) is { } unknown)
            throw new ArgumentException($"{nameof(PlanOptions.DimensionSizes)} names '{unknown}', which no input of '{source}' has. It has: {string.Join(", ", symbols.DefaultIfEmpty("no symbolic dimension"))}.");
        foreach (var (name, tensor) in options.SampleInputs)
        {
            var input = inputs.FirstOrDefault(i => i.Name == name) ?? throw new TensorMismatchException($"{source}: the model has no input '{name}', which {nameof(PlanOptions)}.{nameof(PlanOptions.SampleInputs)} names. It takes: {string.Join(", ", inputs)}.");
            BoundaryLayout.For([input], source).Measure([tensor]);
        }
    }

    private static string? ReasonOf(EngineValueKind kind, TensorSpec spec) => kind switch
    {
        EngineValueKind.Sequence => "is a sequence",
        EngineValueKind.Map => "is a map",
        EngineValueKind.Optional => "is optional",
        EngineValueKind.SparseTensor => "is a sparse tensor",
        not EngineValueKind.Tensor => "is not a tensor",
        _ when spec.Type == ElementType.Text => "is text",
        _ when !spec.Type.HasFixedSize() => "has an element type that is not known here",
        _ when !spec.Type.CanBeBound() => $"has elements of type {spec.Type.DisplayName()}, which can be used only inside a model",
        _ => null,
    };
}
