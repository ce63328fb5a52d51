using System.Globalization;

namespace SplitInfer.Cli.Inputs;

/// <summary>The right class of each sample: an integer a line, in the order of the samples.</summary>
internal static class LabelFile
{
    /// <summary>Reads the labels of <paramref name="samples"/> samples.</summary>
    /// <exception cref="UsageException">There are more or fewer, or a line is no number.</exception>
    public static int[] Read(string path, int samples)
    {
        var lines = File.ReadAllLines(path);
        if (lines.Length != samples) throw new UsageException($"'{path}' has {lines.Length} lines for {samples} samples; give one label a line, in the order of the names of the samples.");
        return [.. lines.Select((line, index) => int.TryParse(line, NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var label)
            ? label
            : throw new UsageException($"Line {index + 1} of '{path}' is no class: '{line}'."))];
    }
}
