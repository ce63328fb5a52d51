using SplitInfer.Models;
using SplitInfer.Tailoring.Calibration;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Inputs;

/// <summary>
/// Inputs to try a model on: a <c>.npy</c> file for each sample where the model has one input, else a folder for each sample with a
/// <c>.npy</c> file for each input. Samples are in the order of their names. Each is read when it is asked for.
/// </summary>
internal sealed class SampleFolder : ISampleSource
{
    private readonly string[] _paths;
    private readonly IReadOnlyList<string> _inputs;

    private SampleFolder(string[] paths, IReadOnlyList<string> inputs) => (_paths, _inputs) = (paths, inputs);

    /// <summary>How many samples there are; at least one.</summary>
    public int Count => _paths.Length;

    /// <summary>Finds the samples.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="inputs">Names of the model's inputs.</param>
    /// <exception cref="UsageException">The folder has none.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    public static SampleFolder Open(string folder, IReadOnlyList<string> inputs)
    {
        if (!Directory.Exists(folder)) throw new DirectoryNotFoundException($"There is no folder '{folder}'.");
        var paths = inputs.Count == 1 ? Directory.GetFiles(folder, "*.npy") : Directory.GetDirectories(folder);
        if (paths.Length == 0)
            throw new UsageException(inputs.Count == 1
                ? $"'{folder}' has no .npy file; put one there for each sample of the input '{inputs[0]}'."
                : $"'{folder}' has no folders; put one there for each sample, with a .npy file for each of the inputs {string.Join(", ", inputs)}.");
        Array.Sort(paths, StringComparer.Ordinal);
        return new(paths, inputs);
    }

    /// <summary>Reads a sample; the caller owns the tensors.</summary>
    /// <returns>Tensors by the names of the inputs.</returns>
    /// <exception cref="InvalidTensorException">A file holds no whole tensor.</exception>
    /// <exception cref="TensorMismatchException">A folder lacks an input.</exception>
    public Dictionary<string, TensorValue> Read(int sample)
    {
        if (_inputs.Count == 1) return new() { [_inputs[0]] = NpyFile.Read(_paths[sample]) };
        var tensors = TensorFolder.Read(_paths[sample], "input", _inputs);
        return _inputs.FirstOrDefault(input => !tensors.ContainsKey(input)) is { } missing
            ? throw new TensorMismatchException($"'{_paths[sample]}' has no file for the input '{missing}'.")
            : tensors;
    }

    /// <summary>Reads a sample in the order of <paramref name="specs"/> and checks that it fits; the caller owns the tensors.</summary>
    /// <exception cref="TensorMismatchException">A tensor does not fit.</exception>
    public TensorValue[] Read(int sample, IReadOnlyList<TensorSpec> specs)
    {
        var tensors = Read(sample);
        foreach (var spec in specs)
            if (tensors[spec.Name] is var given && !spec.Accepts(given.ElementType, given.Shape))
                throw new TensorMismatchException($"'{_paths[sample]}' holds a {given} tensor for {spec}. Save the samples as the model takes them.");
        return [.. specs.Select(spec => tensors[spec.Name])];
    }
}
