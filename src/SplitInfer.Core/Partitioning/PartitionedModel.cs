using System.Collections.Immutable;
using System.Security.Cryptography;
using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Models.Onnx;
using SplitInfer.Partitioning.Probing;
using SplitInfer.Tensors;

namespace SplitInfer.Partitioning;

/// <summary>A model with its plan, and the segments of the plan's partitions. Immutable, and safe for concurrent use; segments are created on demand.</summary>
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

    /// <summary>Values in the file for inputs that requests may omit, by name.</summary>
    internal IReadOnlyDictionary<string, TensorValue> Defaults { get; }

    /// <summary>The nodes that the device runs after the tail, because their results cannot be transferred; null if there are none.</summary>
    internal DeviceFinish? Finish => _catalog.Finish;

    /// <summary>Why the model must not be run on synthetic inputs, neither to warm it up nor to measure it; null if it may.</summary>
    internal string? NoSyntheticRunReason { get; }

    /// <summary>The file that the model was read from.</summary>
    internal OnnxModel Model => _graph.Model;

    /// <summary>The file, or the name used in messages if the model was given as bytes.</summary>
    public string Source => Model.Source;

    /// <summary>What the file says about itself: producer, version, operator sets, properties of its author's.</summary>
    public ModelMetadata Metadata => Model.Metadata;

    /// <summary>Dimensions of a value of the model for the sizes that the plan was made with.</summary>
    /// <param name="value">Name of a value that crosses a cut, or of an input or output.</param>
    /// <returns>The dimensions; null if the number of them is unknown.</returns>
    /// <exception cref="KeyNotFoundException">The model has no such value.</exception>
    public ImmutableArray<long>? ShapeOf(string value) => _catalog[value].NominalShape is { IsDefault: false } shape ? shape : null;

    /// <summary>Bytes of a value of the model, uncompressed, for the sizes that the plan was made with, at most 1 TiB; 0 if they are unknown.</summary>
    /// <param name="value">Name of a value that crosses a cut, or of an input or output.</param>
    /// <exception cref="KeyNotFoundException">The model has no such value.</exception>
    public long BytesOf(string value) => _catalog[value].NominalBytes;

    /// <summary>The known properties of a value, with its dimensions for the sizes that the plan was made with.</summary>
    internal ValueEntry this[string value] => _catalog[value];

    /// <summary>Reads a model file and plans it.</summary>
    /// <param name="path">An ONNX file.</param>
    /// <param name="options">How the plan is made; null for the defaults.</param>
    /// <param name="execution">How ONNX Runtime is found and run; null for the defaults.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="ModelFormatException">It is not a valid model.</exception>
    /// <exception cref="ModelNotSupportedException">It has inputs or outputs that are not supported.</exception>
    /// <exception cref="EngineException">ONNX Runtime refuses it, or an execution provider cannot be used.</exception>
    /// <exception cref="UnknownExecutionProviderException">There is no such execution provider.</exception>
    public static PartitionedModel Load(string path, PlanOptions? options = null, ExecutionOptions? execution = null) =>
        From(OnnxModel.Load(path, options?.Limits), options, execution);

    /// <summary>Plans a model that is in memory, such as one that was decrypted or downloaded. It can have no external data: <see cref="OnnxModel.Parse(ReadOnlyMemory{byte}, string?, ModelLimits?, string)"/> and <see cref="From"/> take a folder for it.</summary>
    /// <param name="bytes">The ONNX file; not kept.</param>
    /// <param name="options">How the plan is made; null for the defaults.</param>
    /// <param name="execution">How ONNX Runtime is found and run; null for the defaults.</param>
    /// <param name="source">The name of the model in messages.</param>
    /// <exception cref="ModelFormatException">It is not a valid model, or has external data.</exception>
    /// <exception cref="ModelNotSupportedException">It has inputs or outputs that are not supported.</exception>
    /// <exception cref="EngineException">ONNX Runtime refuses it, or an execution provider cannot be used.</exception>
    /// <exception cref="UnknownExecutionProviderException">There is no such execution provider.</exception>
    public static PartitionedModel Load(ReadOnlyMemory<byte> bytes, PlanOptions? options = null, ExecutionOptions? execution = null, string source = "The model") =>
        From(OnnxModel.Parse(bytes, folder: null, options?.Limits, source), options, execution);

    /// <summary>Reads a model from a stream, such as a resource of an assembly, up to its end, and plans it. It can have no external data.</summary>
    /// <param name="stream">The ONNX file, from the stream's position on. It stays open.</param>
    /// <param name="options">How the plan is made; null for the defaults.</param>
    /// <param name="execution">How ONNX Runtime is found and run; null for the defaults.</param>
    /// <param name="source">The name of the model in messages.</param>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    /// <exception cref="ModelFormatException">It is not a valid model, or has external data.</exception>
    /// <exception cref="ModelNotSupportedException">It has inputs or outputs that are not supported.</exception>
    /// <exception cref="EngineException">ONNX Runtime refuses it, or an execution provider cannot be used.</exception>
    /// <exception cref="UnknownExecutionProviderException">There is no such execution provider.</exception>
    public static PartitionedModel Load(Stream stream, PlanOptions? options = null, ExecutionOptions? execution = null, string source = "The model") =>
        From(OnnxModel.Load(stream, options?.Limits, source), options, execution);

    /// <summary>Plans a model that has been read. See <see cref="Load(string, PlanOptions?, ExecutionOptions?)"/> for the errors.</summary>
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

    /// <summary>
    /// Writes the head of a partition as an ONNX file that any runtime runs, with all its weights. Values that cross are converted as the plan says:
    /// float16 ones that the engine computes in float32 cross as float32.
    /// </summary>
    /// <param name="partition">Index of a partition that can be made.</param>
    /// <param name="path">The file to write; one that exists is replaced.</param>
    /// <returns>What was written; null if the head computes nothing, so that no file is needed.</returns>
    /// <exception cref="ArgumentException">There is no such partition, or it cannot be made.</exception>
    /// <exception cref="ModelFormatException">The model's external data is not there any more.</exception>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file must not be written.</exception>
    public SegmentFile? WriteHead(int partition, string path) => SegmentFile.Write(Head(partition), Source, path);

    /// <summary>Writes the tail of a partition as <see cref="WriteHead"/> writes the head. Its inputs are <see cref="Partition.Boundary"/> and its outputs <see cref="Partition.TailOutputs"/>, both in order.</summary>
    /// <inheritdoc cref="WriteHead"/>
    /// <returns>What was written; null if the tail computes nothing, so that no file is needed.</returns>
    public SegmentFile? WriteTail(int partition, string path) => SegmentFile.Write(Tail(partition), Source, path);

    /// <summary>The segment that runs on the device. Its outputs are the values that it computes for the tail, in the order of the boundary, then outputs of the model.</summary>
    /// <exception cref="ArgumentException">There is no such partition, or it cannot be made.</exception>
    internal SegmentModel Head(int k) => _segments.Head(k);

    /// <summary>The segment that runs on the server, from the boundary to the tail outputs, both in the order of the plan.</summary>
    /// <exception cref="ArgumentException">There is no such partition, or it cannot be made.</exception>
    internal SegmentModel Tail(int k) => _segments.Tail(k);

    /// <summary>The segment between two cuts: what it reads of the boundary of the earlier one, and what it computes of that of the later one, then outputs of the model, each in the order of the plan.</summary>
    /// <exception cref="ArgumentException">There is no such partition, or it cannot be made.</exception>
    internal SegmentModel Between(int from, int to) => _segments.Between(from, to);

    /// <summary>The whole model, which is the head of the last partition.</summary>
    internal SegmentModel Whole() => Head(Plan.AllOnDevice.Index);

    /// <summary>Loads the file as it is in a session of its own, with the external data that was read with it.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="ModelFormatException">It is not the one that was read.</exception>
    /// <exception cref="EngineException">The engine refuses it.</exception>
    internal IEngineSession LoadFile(ExecutionOptions execution)
    {
        var bytes = File.ReadAllBytes(Source);
        if (new Fingerprint(SHA256.HashData(bytes)) != Model.FileDigest) throw new ModelFormatException(Source, "the file is not the one any more that was read", "Load the model again.");
        return execution.Engine.Load(bytes, execution, Model.Folder);
    }

    /// <summary>How values flow through a partition on the device.</summary>
    /// <exception cref="ArgumentException">There is no such partition, or it cannot be made.</exception>
    internal Routing Route(int k) => _segments.Route(k);

    /// <summary>Synthetic inputs on which the model should run, for the sizes that the plan was made with. The caller owns them.</summary>
    /// <param name="seed">The same seed gives the same inputs.</param>
    /// <exception cref="TensorMismatchException">The model does not state how many dimensions an input has.</exception>
    public ImmutableArray<TensorValue> MakeInputs(int seed) => [.. Enumerable.Range(0, Plan.Inputs.Length).Select(index => MakeInput(index, seed))];

    /// <summary>One of the inputs that <see cref="MakeInputs(int)"/> returns. The caller owns it.</summary>
    /// <param name="index">Index of the input in the plan.</param>
    /// <param name="seed">The same seed gives the same input.</param>
    /// <exception cref="TensorMismatchException">The model does not state how many dimensions the input has.</exception>
    public TensorValue MakeInput(int index, int seed) => _syntheticInputs.Make(index, seed);

    /// <summary>Synthetic inputs for warming up a segment, for the sizes that the plan was made with. The caller owns them; there are none if a size is unknown.</summary>
    internal TensorValue[] MakeInputs(SegmentModel segment, int seed) => _syntheticInputs.MakeFor(segment, seed);

    /// <summary>Whether the file has a value for an input, so that an application may name it among <see cref="PlanOptions.FedInitializers"/>.</summary>
    public bool IsFedable(string name) => _graph.Model.FedableInitializers.Contains(name);

    /// <summary>The model and its plan, on one line.</summary>
    public override string ToString() => $"{Source}: {Plan}";

    private static Dictionary<string, TensorValue> DefaultsOf(ModelGraph graph, PlanOptions options)
    {
        var fedable = graph.Model.FedableInitializers;
        if (options.FedInitializers.FirstOrDefault(name => !fedable.Contains(name)) is { } unknown)
            throw new ArgumentException($"{nameof(PlanOptions.FedInitializers)} names '{unknown}', which is no input of '{graph.Model.Source}' with a value in the file. Such inputs are: {string.Join(", ", fedable.DefaultIfEmpty("none"))}.");
        return graph.Model.Graph.Initializer.Where(i => options.FedInitializers.Contains(i.Name) && i.DataLocation == TensorProto.Types.DataLocation.Default)
            .ToDictionary(static i => i.Name, TensorProtoReader.Read, StringComparer.Ordinal);
    }
}
