using SplitInfer.Models;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Inputs;

/// <summary>Inputs that the command line names one by one: <c>NAME=FILE</c>, or <c>FILE</c> alone for a model's first input.</summary>
internal static class TensorFiles
{
    /// <summary>Inputs that a message names; files of old versions of the format list their weights as well.</summary>
    private const int MaxNamed = 8;

    /// <summary>Reads the files; the caller owns the tensors.</summary>
    /// <param name="arguments">What was typed.</param>
    /// <param name="inputs">Names of the model's inputs.</param>
    /// <exception cref="UsageException">The model has no such input.</exception>
    /// <exception cref="InvalidTensorException">A file holds no whole tensor.</exception>
    public static Dictionary<string, TensorValue> Read(IEnumerable<string> arguments, IReadOnlyList<string> inputs)
    {
        var tensors = new Dictionary<string, TensorValue>(StringComparer.Ordinal);
        foreach (var argument in arguments)
        {
            var (name, path) = Split(argument, inputs);
            if (!TensorFile.IsNamedLikeOne(path)) throw new UsageException($"'{path}' is neither a .npy nor a .pb file; save the tensor with numpy.save, or as an ONNX TensorProto.");
            tensors[name] = TensorFile.Read(path, out _);
        }

        return tensors;
    }

    private static (string Name, string Path) Split(string argument, IReadOnlyList<string> inputs)
    {
        // Both names and paths may hold an equals sign.
        var name = inputs.FirstOrDefault(input => argument.StartsWith($"{input}=", StringComparison.Ordinal));
        if (name is not null) return (name, argument[(name.Length + 1)..]);
        return File.Exists(argument) && inputs.Count > 0
            ? (inputs[0], argument)
            : throw new UsageException($"--input {argument}: there is no such file. Give a .npy or .pb file, or NAME=FILE with one of the inputs {string.Join(", ", inputs.Take(MaxNamed))}{(inputs.Count > MaxNamed ? ", …" : "")}.");
    }
}
