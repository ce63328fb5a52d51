using System.Globalization;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Inputs;

/// <summary>The right class of each sample, in the order of the samples: a text file with a whole number a line, or a <c>.npy</c> file of whole numbers.</summary>
internal static class LabelFile
{
    private const long MaxBytes = 64 << 20;

    /// <summary>Reads the labels of <paramref name="samples"/> samples.</summary>
    /// <exception cref="UsageException">There are more or fewer, or a line is no number.</exception>
    public static int[] Read(string path, int samples)
    {
        if (Path.GetExtension(path).Equals(".npy", StringComparison.OrdinalIgnoreCase)) return ReadTensor(path, samples);
        RequireText(path);
        var lines = File.ReadAllLines(path);
        if (lines.Length != samples) throw new UsageException($"'{path}' has {lines.Length} lines for {samples} samples; give one label a line, in the order of the names of the samples.");
        return [.. lines.Select((line, index) => int.TryParse(line, NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var label)
            ? label
            : throw new UsageException($"Line {index + 1} of '{path}' is no class: '{line}'. Write a whole number a line, 0 for the first class."))];
    }

    private static void RequireText(string path)
    {
        // What is no plain file has no length: opening a pipe could wait for ever, and a device never ends.
        FileSystemInfo file = new FileInfo(path);
        if (file.LinkTarget is not null) file = file.ResolveLinkTarget(returnFinalTarget: true) ?? file;
        if (file is DirectoryInfo || Directory.Exists(path) || file is FileInfo { Exists: true, Length: 0 }) throw new UsageException($"'{path}' is empty, or not a plain file; give a file with one label a line.");
        if (file is FileInfo { Exists: true, Length: > MaxBytes and var length }) throw new UsageException($"'{path}' has {length} bytes, over the {MaxBytes} allowed; give a file with one label a line.");
    }

    private static int[] ReadTensor(string path, int samples)
    {
        using var tensor = NpyFile.Read(path);
        long[] labels = tensor.ElementType switch
        {
            ElementType.Int64 => tensor.Span<long>().ToArray(),
            ElementType.Int32 => Array.ConvertAll(tensor.Span<int>().ToArray(), static value => (long)value),
            ElementType.UInt8 => Array.ConvertAll(tensor.Span<byte>().ToArray(), static value => (long)value),
            var other => throw new UsageException($"'{path}' holds {other.DisplayName()}; labels are whole numbers: save them as int64, int32 or uint8."),
        };
        if (labels.Length != samples) throw new UsageException($"'{path}' has {labels.Length} labels for {samples} samples; give one for each, in the order of the names of the samples.");
        return [.. labels.Select((label, index) => label is >= int.MinValue and <= int.MaxValue ? (int)label : throw new UsageException($"Label {index + 1} of '{path}' is no class: {label}. Classes are counted from 0."))];
    }
}
