using System.Globalization;
using SplitInfer.Models.Onnx;

namespace SplitInfer.Models;

/// <summary>
/// Writes a model as a file that needs no other: weights that lie in files beside the model that it was made of are taken in or, where that
/// is too much for one file, gathered in one beside it.
/// </summary>
internal static class StandaloneFile
{
    /// <summary>The most bytes of a file: readers of the format take no message of 2 GiB.</summary>
    public const long MaxBytes = 2_000_000_000;

    /// <summary>What follows the name of the file in that of its weights.</summary>
    public const string DataSuffix = ".data";

    /// <summary>Writes a model.</summary>
    /// <param name="model">The model; changed.</param>
    /// <param name="folder">Where its external data lies; null if it has none.</param>
    /// <param name="source">What the model is called in messages.</param>
    /// <param name="path">The file to write.</param>
    /// <param name="maxBytes">The most bytes of a file.</param>
    /// <returns>The file of weights that had to be written beside it; null if there is none.</returns>
    /// <exception cref="ModelFormatException">External data is not there any more, or lies where it must not.</exception>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    public static string? Write(ModelProto model, string? folder, string source, string path, long maxBytes = MaxBytes)
    {
        ExternalPart[] parts = [.. TensorWalk.Tensors(model).Where(static t => t.DataLocation == TensorProto.Types.DataLocation.External).Select(tensor => ExternalPart.Of(tensor, source))];
        var total = parts.Sum(part => LengthOf(part, folder!));
        var data = parts.Length > 0 && total + model.CalculateSize() > maxBytes ? path + DataSuffix : null;
        using (var gathered = data is null ? null : File.Create(data))
        {
            foreach (var part in parts)
            {
                using var stream = ExternalPath.Open(folder!, part.Location, part.Error) ?? Stream.Null;
                if (gathered is null) part.TakeIn(stream, (int)LengthOf(part, folder!));
                else Move(part, stream, gathered, LengthOf(part, folder!));
            }
        }

        using var file = File.Create(path);
        Google.Protobuf.MessageExtensions.WriteTo(model, file);
        return data;
    }

    private static long LengthOf(ExternalPart part, string folder)
    {
        var bytes = part.CheckWithin(ExternalPath.LengthOf(folder, part.Location, part.Error));
        return part.Length ?? bytes;
    }

    private static void Move(ExternalPart part, Stream from, FileStream to, long length)
    {
        part.Tensor.ExternalData.Clear();
        part.Tensor.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = Path.GetFileName(to.Name) });
        part.Tensor.ExternalData.Add(new StringStringEntryProto { Key = "offset", Value = to.Position.ToString(CultureInfo.InvariantCulture) });
        part.Tensor.ExternalData.Add(new StringStringEntryProto { Key = "length", Value = length.ToString(CultureInfo.InvariantCulture) });
        if (from.CanSeek && length > 0) from.Position = part.Offset;
        var buffer = new byte[81920];
        for (var left = length; left > 0;)
        {
            var piece = buffer.AsSpan(0, (int)Math.Min(left, buffer.Length));
            from.ReadExactly(piece);
            to.Write(piece);
            left -= piece.Length;
        }
    }
}
