using System.Security.Cryptography;
using Google.Protobuf;
using SplitInfer.Models.Onnx;

namespace SplitInfer.Models;

/// <summary>
/// A model file that was read and checked. Its graph has two parts: <see cref="Graph"/> has the lists from which segments take
/// their parts, <see cref="Shell"/> has everything else, including unknown fields. Neither changes after loading, so the model is safe for
/// concurrent use.
/// </summary>
public sealed class OnnxModel
{
    // Segments list initializers apart from inputs, which takes this version of the format.
    private const long MinSegmentIrVersion = 4;

    private OnnxModel(string source, ModelProto model, byte[] digest, ExternalData external)
    {
        (Source, ExternalCopy, FileDigest) = (source, external.Copy, new(digest));
        Fingerprint = external.Fingerprint(digest);
        Metadata = ModelMetadata.Of(model);
        Shell = model;
        Graph = TakeLists(model.Graph);
        Shell.IrVersion = Math.Max(Shell.IrVersion, MinSegmentIrVersion);
    }

    private OnnxModel(OnnxModel from, GraphProto graph) =>
        (Source, ExternalCopy, FileDigest, Fingerprint, Metadata, Shell, Graph) = (from.Source, from.ExternalCopy, from.FileDigest, from.Fingerprint, from.Metadata, from.Shell, graph);

    /// <summary>The file, or the name used in messages if the model was given as bytes.</summary>
    public string Source { get; }

    /// <summary>The copy of the external data, which lasts as long as something refers to it; null if the model has none.</summary>
    internal ExternalCopy? ExternalCopy { get; }

    /// <summary>The folder of the copy of the external data; null if the model has none.</summary>
    internal string? Folder => ExternalCopy?.Folder;

    /// <summary>SHA-256 of the file alone.</summary>
    internal Fingerprint FileDigest { get; }

    /// <summary>SHA-256 of the file; with external data, of the digests of the file and of every external file.</summary>
    public Fingerprint Fingerprint { get; }

    /// <summary>What the file says about itself: producer, version, operator sets, properties of its author's.</summary>
    public ModelMetadata Metadata { get; }

    /// <summary>The model without nodes, initializers, inputs, outputs, value descriptions and annotations.</summary>
    internal ModelProto Shell { get; }

    /// <summary>The nodes, initializers, inputs, outputs, value descriptions and annotations.</summary>
    internal GraphProto Graph { get; }

    /// <summary>Reads a model with its external data, of which a private copy is made: later changes of the files change nothing.</summary>
    /// <param name="path">An ONNX file.</param>
    /// <param name="limits">How large the file may be; null for <see cref="ModelLimits.Default"/>.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="ModelFormatException">It is not a model, or over the limits.</exception>
    public static OnnxModel Load(string path, ModelLimits? limits = null)
    {
        limits ??= ModelLimits.Default;
        return Parse(ReadFile(path, limits).AsMemory(), new FileInfo(path).DirectoryName, limits, path);
    }

    /// <summary>Reads the graph of a model to look at. Its external data is not looked for, so nothing can be run of it.</summary>
    /// <inheritdoc cref="Load(string, ModelLimits?)"/>
    internal static OnnxModel LoadGraph(string path, ModelLimits limits)
    {
        var bytes = ReadFile(path, limits);
        return new(path, Parse(bytes, limits, path), SHA256.HashData(bytes), ExternalData.None);
    }

    /// <summary>Reads a model from a stream, such as a resource of an assembly, up to its end. It can have no external data.</summary>
    /// <param name="stream">The file, from the stream's position on. It stays open.</param>
    /// <param name="limits">How large the model may be; null for <see cref="ModelLimits.Default"/>.</param>
    /// <param name="source">The name of the model in messages.</param>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    /// <exception cref="ModelFormatException">It is not a model, has external data, or is over the limits.</exception>
    public static OnnxModel Load(Stream stream, ModelLimits? limits = null, string source = "The model")
    {
        ArgumentNullException.ThrowIfNull(stream);
        limits ??= ModelLimits.Default;
        return Parse(ModelStream.ReadToEnd(stream, length => CheckLength(length, source, limits)), folder: null, limits, source);
    }

    /// <summary>Reads a model that is in memory.</summary>
    /// <param name="bytes">The file; not kept.</param>
    /// <param name="folder">The folder of external data; null if the model may have none.</param>
    /// <param name="limits">How large the model may be.</param>
    /// <param name="source">The name of the model in messages.</param>
    /// <exception cref="ModelFormatException">It is not a model, or over the limits.</exception>
    public static OnnxModel Parse(byte[] bytes, string? folder = null, ModelLimits? limits = null, string source = "The model")
    {
        ArgumentNullException.ThrowIfNull(bytes);
        return Parse(bytes.AsMemory(), folder, limits, source);
    }

    /// <inheritdoc cref="Parse(byte[], string?, ModelLimits?, string)"/>
    public static OnnxModel Parse(ReadOnlyMemory<byte> bytes, string? folder = null, ModelLimits? limits = null, string source = "The model")
    {
        limits ??= ModelLimits.Default;
        CheckLength(bytes.Length, source, limits);
        var model = Parse(bytes.Span, limits, source);
        return new(source, model, SHA256.HashData(bytes.Span), ExternalData.Find(model, folder, source, limits));
    }

    private static byte[] ReadFile(string path, ModelLimits limits)
    {
        var file = new FileInfo(path);
        if (!file.Exists) throw new FileNotFoundException(Directory.Exists(path) ? $"'{path}' is a folder. Give the path of an .onnx file in it." : $"There is no model file '{path}'. Give the path of an .onnx file.", path);
        CheckLength(file, path, limits);
        return File.ReadAllBytes(path);
    }

    private static ModelProto Parse(ReadOnlySpan<byte> bytes, ModelLimits limits, string source)
    {
        try
        {
            WireScan.Check(bytes, ModelProto.Descriptor, source, limits);
            var model = ModelProto.Parser.ParseFrom(bytes);
            CheckHeader(model, source);
            return model;
        }
        catch (Exception error) when (error is ModelFormatException or InvalidProtocolBufferException)
        {
            if (ForeignFile.Refusal(bytes, source, error) is { } refusal) throw refusal;
            if (error is ModelFormatException) throw;
            throw new ModelFormatException(source, "is not a valid ONNX file", "Copy or export it again.", inner: error);
        }
    }

    /// <summary>Of files over the limits, only the part that shows whether they are models is read.</summary>
    private static void CheckLength(FileInfo file, string source, ModelLimits limits)
    {
        try
        {
            CheckLength(file.Length, source, limits);
        }
        catch (ModelFormatException error) when (file.Length > 0)
        {
            var prefix = new byte[Math.Min(file.Length, ForeignFile.PrefixLength)];
            using (var stream = file.OpenRead()) stream.ReadExactly(prefix);
            if (ForeignFile.Refusal(prefix, source, error) is { } refusal) throw refusal;
            throw;
        }
    }

    /// <summary>The inputs that the file has a value for, so that callers may feed them or leave them out.</summary>
    public IReadOnlySet<string> FedableInitializers => Graph.Input.Select(static i => i.Name).Intersect(Graph.Initializer.Select(static i => i.Name), StringComparer.Ordinal).ToHashSet(StringComparer.Ordinal);

    /// <summary>Names of the inputs that a request has to feed: those for which the file has no value.</summary>
    public IReadOnlyList<string> InputNames => [.. ModelGraph.Of(this).Inputs.Select(static input => input.Name)];

    /// <summary>The same model with other nodes and outputs; everything else is shared.</summary>
    internal OnnxModel With(IEnumerable<NodeProto> nodes, IEnumerable<ValueInfoProto> outputs) => new(this, new()
    {
        Node = { nodes },
        Initializer = { Graph.Initializer },
        SparseInitializer = { Graph.SparseInitializer },
        Input = { Graph.Input },
        Output = { outputs },
        ValueInfo = { Graph.ValueInfo },
        QuantizationAnnotation = { Graph.QuantizationAnnotation },
    });

    /// <summary>The file, and what it says about itself, on one line.</summary>
    public override string ToString() => $"{Source}: {Metadata}";

    private static void CheckLength(long length, string source, ModelLimits limits)
    {
        if (length == 0) throw new ModelFormatException(source, "the file is empty", "Copy or export it again.");
        if (length > Math.Min(limits.MaxFileBytes, Array.MaxLength))
            throw new ModelFormatException(source, $"the file has {length} bytes, over the {Math.Min(limits.MaxFileBytes, Array.MaxLength)} allowed", $"Raise {nameof(ModelLimits)}.{nameof(ModelLimits.MaxFileBytes)}, or export the weights as external data.");
    }

    private static void CheckHeader(ModelProto model, string source)
    {
        if (model.Graph is null) throw new ModelFormatException(source, "holds no graph, so it is not an ONNX model", "Give a file that an ONNX exporter wrote.");
        if (model.OpsetImport.Count == 0)
            throw new ModelFormatException(source, $"names no operator set (opset_import is missing; IR version {model.IrVersion}), so the meaning of its operators is unknown", "Export the model again with a current exporter, or run it through the ONNX version converter.");
    }

    private static GraphProto TakeLists(GraphProto from)
    {
        var lists = new GraphProto
        {
            Node = { from.Node },
            Initializer = { from.Initializer },
            SparseInitializer = { from.SparseInitializer },
            Input = { from.Input },
            Output = { from.Output },
            ValueInfo = { from.ValueInfo },
            QuantizationAnnotation = { from.QuantizationAnnotation },
        };
        from.Node.Clear();
        from.Initializer.Clear();
        from.SparseInitializer.Clear();
        from.Input.Clear();
        from.Output.Clear();
        from.ValueInfo.Clear();
        from.QuantizationAnnotation.Clear();
        return lists;
    }
}
