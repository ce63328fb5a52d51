using System.Collections.Immutable;
using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Models.Onnx;
using SplitInfer.Partitioning.Probing;
using SplitInfer.Tensors;

namespace SplitInfer.Partitioning;

/// <summary>A model with its plan, and the segments that the plan's cuts make of it. Immutable, and safe for concurrent use; segments are written when they are asked for.</summary>
public sealed class PartitionedModel
{
    private readonly ModelGraph _graph;
    private readonly ValueCatalog _catalog;
    private readonly SegmentBuilder _segments;
    private readonly SyntheticInputs _syntheticInputs;

    private PartitionedModel(ModelGraph graph, ValueCatalog catalog, IReadOnlyDictionary<string, TensorValue> defaults, PlanOptions options)
    {
        (_graph, _catalog, Defaults) = (graph, catalog, defaults);
        Plan = PlanBuilder.Build(graph, catalog, options);
        _segments = new(graph, catalog, Plan);
        _syntheticInputs = new(Plan.Inputs, defaults, catalog);
        var peak = LiveBytes.Peak(graph, catalog.NominalBytesOf);
        NoSyntheticRunReason = Plan.MeasureFailure
            ?? (peak > options.MaxMeasureBytes ? $"{Model.Source}: a run takes at least {peak:0} bytes, more than {nameof(PlanOptions)}.{nameof(PlanOptions.MaxMeasureBytes)} ({options.MaxMeasureBytes})" : null);
    }

    /// <summary>Every cut of the model.</summary>
    public PartitionPlan Plan { get; }

    /// <summary>The values that the file has for inputs which requests may leave out, by name.</summary>
    internal IReadOnlyDictionary<string, TensorValue> Defaults { get; }

    /// <summary>What the device does after the tail, since the model yields what cannot cross; null where there is nothing.</summary>
    internal DeviceFinish? Finish => _catalog.Finish;

    /// <summary>Why the model must not be run on synthetic inputs, neither to warm it up nor to measure it; null if it may.</summary>
    internal string? NoSyntheticRunReason { get; }

    /// <summary>The file that the model was read from.</summary>
    internal OnnxModel Model => _graph.Model;

    /// <summary>The file, or what stands for it in messages where the model was given as bytes.</summary>
    public string Source => Model.Source;

    /// <summary>Dimensions of a value of the model for the sizes that the plan was made with.</summary>
    /// <param name="value">Name of a value that crosses a cut, or of an input or output.</param>
    /// <returns>The dimensions; null where the number of them is not known.</returns>
    /// <exception cref="KeyNotFoundException">The model has no such value.</exception>
    public ImmutableArray<long>? ShapeOf(string value) => _catalog[value].NominalShape is { IsDefault: false } shape ? shape : null;

    /// <summary>Bytes of a value of the model, uncompressed, for the sizes that the plan was made with, at most 1 TiB; 0 where they are not known.</summary>
    /// <param name="value">Name of a value that crosses a cut, or of an input or output.</param>
    /// <exception cref="KeyNotFoundException">The model has no such value.</exception>
    public long BytesOf(string value) => _catalog[value].NominalBytes;

    /// <summary>What is known of a value, with its dimensions for the sizes that the plan was made with.</summary>
    internal ValueEntry this[string value] => _catalog[value];

    /// <summary>Reads a model file and plans it.</summary>
    /// <param name="path">An ONNX file.</param>
    /// <param name="options">How the plan is made; null for the defaults.</param>
    /// <param name="execution">How ONNX Runtime is found and run; null for the defaults.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="ModelFormatException">It is not a valid model.</exception>
    /// <exception cref="ModelNotSupportedException">It takes or yields something other than dense tensors.</exception>
    /// <exception cref="EngineException">ONNX Runtime refuses it, or an execution provider cannot be used.</exception>
    /// <exception cref="UnknownExecutionProviderException">There is no such execution provider.</exception>
    public static PartitionedModel Load(string path, PlanOptions? options = null, ExecutionOptions? execution = null) =>
        From(OnnxModel.Load(path, options?.Limits), options, execution);

    /// <summary>Plans a model that was read. See <see cref="Load"/> for the errors.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">How the plan is made; null for the defaults.</param>
    /// <param name="execution">How ONNX Runtime is found and run; null for the defaults.</param>
    public static PartitionedModel From(OnnxModel model, PlanOptions? options = null, ExecutionOptions? execution = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        options ??= new();
        options.Validate();
        execution ??= new();
        execution.Engine.Check(execution);
        var graph = ModelGraph.Of(model, options.FedInitializers);
        var defaults = DefaultsOf(graph, options);
        try
        {
            var catalog = ValueCatalog.Of(ref graph, options.WithSamples(defaults), execution);
            return new(graph, catalog, defaults, options);
        }
        catch (EngineException error)
        {
            throw EngineRefusal.Of(model.Source, error);
        }
    }

    /// <summary>What runs on the device: the values that the tail needs and the head writes, in the order of the boundary, then outputs that are finished.</summary>
    /// <exception cref="ArgumentException">There is no such partition, or it cannot be made.</exception>
    internal SegmentModel Head(int k) => _segments.Head(k);

    /// <summary>What runs on the server: takes the boundary and yields the tail outputs, both in the order of the plan.</summary>
    /// <exception cref="ArgumentException">There is no such partition, or it cannot be made.</exception>
    internal SegmentModel Tail(int k) => _segments.Tail(k);

    /// <summary>The whole model, which is the head of the last partition.</summary>
    internal SegmentModel Whole() => Head(Plan.AllOnDevice.Index);

    /// <summary>How values flow through a partition on the device.</summary>
    /// <exception cref="ArgumentException">There is no such partition, or it cannot be made.</exception>
    internal Routing Route(int k) => _segments.Route(k);

    /// <summary>Inputs that the model should run on, made up for the sizes that the plan was made with. The caller owns them.</summary>
    /// <param name="seed">The same seed gives the same inputs.</param>
    /// <exception cref="TensorMismatchException">The model does not say how many dimensions an input has.</exception>
    public ImmutableArray<TensorValue> MakeInputs(int seed) => [.. Enumerable.Range(0, Plan.Inputs.Length).Select(index => MakeInput(index, seed))];

    /// <summary>One of the inputs that <see cref="MakeInputs(int)"/> makes up. The caller owns it.</summary>
    /// <param name="index">The place of the input in the plan.</param>
    /// <param name="seed">The same seed gives the same input.</param>
    /// <exception cref="TensorMismatchException">The model does not say how many dimensions the input has.</exception>
    public TensorValue MakeInput(int index, int seed) => _syntheticInputs.Make(index, seed);

    /// <summary>Inputs for a segment, made up for the sizes that the plan was made with, to warm it up. The caller owns them; there are none where a size is not known.</summary>
    internal TensorValue[] MakeInputs(SegmentModel segment, int seed) => _syntheticInputs.MakeFor(segment, seed);

    /// <summary>Whether the file has a value for an input, so that an application may name it among <see cref="PlanOptions.FedInitializers"/>.</summary>
    public bool IsFedable(string name) => _graph.Model.FedableInitializers.Contains(name);

    private static Dictionary<string, TensorValue> DefaultsOf(ModelGraph graph, PlanOptions options)
    {
        var fedable = graph.Model.FedableInitializers;
        if (options.FedInitializers.FirstOrDefault(name => !fedable.Contains(name)) is { } unknown)
            throw new ArgumentException($"{nameof(PlanOptions.FedInitializers)} names '{unknown}', which is no input of '{graph.Model.Source}' with a value in the file. Such inputs are: {string.Join(", ", fedable.DefaultIfEmpty("none"))}.");
        return graph.Model.Graph.Initializer.Where(i => options.FedInitializers.Contains(i.Name) && i.DataLocation == TensorProto.Types.DataLocation.Default)
            .ToDictionary(static i => i.Name, TensorProtoReader.Read, StringComparer.Ordinal);
    }
}
