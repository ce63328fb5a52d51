using System.Collections.Frozen;
using System.Text;
using SplitInfer.Models.Onnx;

namespace SplitInfer.Models;

/// <summary>What a model file says about itself. Nothing of it changes how the model is run or cut. Immutable.</summary>
public sealed class ModelMetadata
{
    private ModelMetadata(ModelProto model)
    {
        (Producer, ProducerVersion, Domain, Version, IrVersion) = (model.ProducerName, model.ProducerVersion, model.Domain, model.ModelVersion, model.IrVersion);
        (GraphName, Description, GraphDescription) = (model.Graph.Name, Encoding.UTF8.GetString(model.DocString.Span), Encoding.UTF8.GetString(model.Graph.DocString.Span));
        // A file may repeat a key, though it should not: the last entry counts, as for any field of the format.
        Opsets = model.OpsetImport.GroupBy(static o => o.Domain is "ai.onnx" ? "" : o.Domain).ToFrozenDictionary(static g => g.Key, static g => g.Last().Version, StringComparer.Ordinal);
        Properties = model.MetadataProps.GroupBy(static p => p.Key).ToFrozenDictionary(static g => g.Key, static g => g.Last().Value, StringComparer.Ordinal);
    }

    /// <summary>The program that wrote the file, such as <c>pytorch</c>; empty if it does not say.</summary>
    public string Producer { get; }

    /// <summary>The version of that program; empty if it does not say.</summary>
    public string ProducerVersion { get; }

    /// <summary>The namespace of the model, as a reversed domain name; empty if it has none.</summary>
    public string Domain { get; }

    /// <summary>The version of the model, which its author counts; 0 if it has none.</summary>
    public long Version { get; }

    /// <summary>What the author says about the model; empty if nothing.</summary>
    public string Description { get; }

    /// <summary>The name of the graph; empty if it has none.</summary>
    public string GraphName { get; }

    /// <summary>What the author says about the graph; empty if nothing.</summary>
    public string GraphDescription { get; }

    /// <summary>The version of the file format.</summary>
    public long IrVersion { get; }

    /// <summary>The version of ONNX's own operators; null for a model that uses only those of other domains.</summary>
    public long? Opset => Opsets.TryGetValue("", out var version) ? version : null;

    /// <summary>The version of the operators of every domain that the model uses, by domain; ONNX's own has the empty name.</summary>
    public IReadOnlyDictionary<string, long> Opsets { get; }

    /// <summary>The properties that the author added, such as the names of the classes, by key.</summary>
    public IReadOnlyDictionary<string, string> Properties { get; }

    /// <summary>Name, version and producer on one line, as far as the file has them.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(GraphName.Length > 0 ? GraphName : "unnamed");
        if (Version != 0) text.Append($", version {Version}");
        if (Producer.Length > 0) text.Append($", made by {Producer}{(ProducerVersion.Length > 0 ? " " : "")}{ProducerVersion}");
        return text.Append(Opset is { } opset ? $", opset {opset}" : ", no opset of ONNX itself").Append($", IR version {IrVersion}").ToString();
    }

    /// <summary>Reads what a model says, before anything of it is changed.</summary>
    internal static ModelMetadata Of(ModelProto model) => new(model);
}
