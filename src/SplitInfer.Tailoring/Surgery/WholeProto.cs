using SplitInfer.Models;
using SplitInfer.Models.Onnx;

namespace SplitInfer.Tailoring.Surgery;

/// <summary>Puts a model that was read together again as one message with all its weights.</summary>
internal static class WholeProto
{
    /// <summary>A deep copy of the model, external data taken in.</summary>
    /// <exception cref="TransformationRefusedException">The weights are too large for one file.</exception>
    /// <exception cref="ModelFormatException">External data is not there any more.</exception>
    public static ModelProto Of(OnnxModel model)
    {
        var proto = model.Shell.Clone();
        proto.Graph.MergeFrom(model.Graph.Clone());
        ExternalPart[] parts = [.. TensorWalk.Tensors(proto).Where(static t => t.DataLocation == TensorProto.Types.DataLocation.External).Select(tensor => ExternalPart.Of(tensor, model.Source))];
        var total = parts.Sum(part => TensorProtos.ByteSize(part.Tensor)) + proto.CalculateSize();
        if (total > StandaloneFile.MaxBytes)
            throw new TransformationRefusedException("tailoring", model.Source, $"its weights take {total / 1_000_000} MB, and a changed model is written as one file, of at most {StandaloneFile.MaxBytes / 1_000_000} MB; export it in two parts and tailor each");
        foreach (var part in parts)
        {
            using var stream = ExternalPath.Open(model.Folder!, part.Location, part.Error) ?? Stream.Null;
            part.TakeIn(stream, (int)TensorProtos.ByteSize(part.Tensor));
        }

        return proto;
    }
}
