using SplitInfer.Tensors;

namespace SplitInfer.Models;

/// <summary>Reads one tensor from a file, by its extension.</summary>
public static class TensorFile
{
    /// <summary>Whether the extension of a file is that of one which can hold a tensor.</summary>
    /// <param name="path">The file, which need not exist.</param>
    public static bool IsNamedLikeOne(string path) => Path.GetExtension(path).ToUpperInvariant() is ".NPY" or ".PB";

    /// <summary>Reads a <c>.npy</c> or <c>.pb</c> file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="name">The name of the tensor in the file; empty if there is none.</param>
    /// <returns>The tensor, which the caller owns.</returns>
    /// <exception cref="InvalidTensorException">The file does not contain a complete tensor.</exception>
    public static TensorValue Read(string path, out string name)
    {
        if (!IsNamedLikeOne(path)) throw Unknown(path);
        using var file = PlainFile.Open(path);
        return Read(file, path, out name);
    }

    /// <summary>Reads a file that is open. The rest is as where it is read by its path.</summary>
    internal static TensorValue Read(FileStream file, string path, out string name)
    {
        name = "";
        return Path.GetExtension(path).ToUpperInvariant() switch
        {
            ".NPY" => NpyFile.Read(file, path),
            ".PB" => TensorProtoReader.ReadFile(file, path, out name),
            _ => throw Unknown(path),
        };
    }

    private static InvalidTensorException Unknown(string path) => new($"'{path}' is neither a .npy nor a .pb file; save the tensor with numpy.save, or as an ONNX TensorProto.");
}
