using SplitInfer.Server;
using SplitInfer.Tensors;

namespace SplitInfer.AspNetCore.OpenInference;

/// <summary>What a model takes and gives.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Versions">The versions that can be asked for, the latest first.</param>
/// <param name="Platform">What runs it.</param>
/// <param name="Inputs">What it takes.</param>
/// <param name="Outputs">What it gives.</param>
internal sealed record ModelDocument(string Name, string[] Versions, string Platform, TensorDocument[] Inputs, TensorDocument[] Outputs)
{
    private const string OnnxRuntime = "onnxruntime_onnx";

    /// <summary>Describes one version of a model.</summary>
    /// <param name="model">The version.</param>
    /// <param name="versions">All versions of the model.</param>
    public static ModelDocument Of(ServedModelStatus model, ServedModelStatus[] versions) =>
        new(model.Name, [.. versions.Select(static v => v.Version)], OnnxRuntime, [.. model.Inputs.Select(TensorDocument.Of)], [.. model.Outputs.Select(TensorDocument.Of)]);
}

/// <summary>One input or output of a model.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Datatype">The type of its elements, in the protocol's words.</param>
/// <param name="Shape">Its dimensions, −1 for those that the model leaves open. The protocol cannot say that their number is unknown: a single −1 then.</param>
internal sealed record TensorDocument(string Name, string Datatype, long[] Shape)
{
    /// <summary>Describes a value.</summary>
    public static TensorDocument Of(TensorSpec spec) => new(spec.Name, Datatypes.WordOf(spec.Type), spec.IsRanked ? [.. spec.Dimensions.Select(static d => d.Size)] : [-1]);
}
