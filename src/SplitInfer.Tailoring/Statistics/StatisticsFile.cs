namespace SplitInfer.Tailoring.Statistics;

/// <summary>
/// Keeps statistics in a file, so that those of several devices can be brought together and added up. The file has extremes, histograms and means, and no sample; it ends with
/// a checksum. Memory is taken by the size of files, not by what they say.
/// </summary>
public static class StatisticsFile
{
    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidStatisticsException">It holds no statistics, or is damaged.</exception>
    public static SampleStatistics Load(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (!File.Exists(path)) throw new FileNotFoundException($"There is no file of statistics '{path}'. Make one with `splitinfer tailor collect`.", path);
        return StatisticsReader.Read(WholeFile.Read(path, StatisticsForm.MostBytes, problem => new InvalidStatisticsException(path, problem)), path);
    }

    /// <summary>Reads files of the same model and adds them up.</summary>
    /// <param name="paths">The files; at least one.</param>
    /// <exception cref="ArgumentException">There is no file.</exception>
    /// <exception cref="FileNotFoundException">One is not there.</exception>
    /// <exception cref="InvalidStatisticsException">
    /// One holds no statistics, or of another model than the first, or of too many samples, or is far from the others in a range or in the elements of a sample, which would leave nothing of theirs.
    /// </exception>
    public static SampleStatistics LoadSum(params IReadOnlyList<string> paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        if (paths.Count == 0) throw new ArgumentException("There is no file of statistics; give at least one.", nameof(paths));
        var sum = Load(paths[0]);
        var alike = new LikeStatistics(paths[0], sum);
        foreach (var path in paths.Skip(1))
        {
            var part = Load(path);
            if (part.Model != sum.Model) throw new InvalidStatisticsException(path, $"they are of the model {part.Model}, and those of '{paths[0]}' are of {sum.Model}");
            if (part.Samples > int.MaxValue - sum.Samples) throw new InvalidStatisticsException(path, $"they are of {part.Samples} samples, more than can be added to {sum.Samples}");
            alike.Add(path, part);
            sum.Add(part);
        }

        alike.Check();
        return sum;
    }

    /// <summary>Writes a file. An earlier one is replaced once the new one is complete.</summary>
    /// <param name="path">The file.</param>
    /// <param name="statistics">What it is to hold.</param>
    /// <exception cref="InvalidStatisticsException">They have more values or bytes than a file can hold; an earlier file is left as it is.</exception>
    public static void Save(string path, SampleStatistics statistics)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(statistics);
        WholeFile.Replace(path, StatisticsWriter.Write(statistics, path));
    }
}

/// <summary>A file holds no statistics that can be used, or cannot hold some.</summary>
public sealed class InvalidStatisticsException : SplitInferException
{
    internal InvalidStatisticsException(string path, string problem) : base($"'{path}' holds no statistics that can be used: {problem}. Make it again with `splitinfer tailor collect`.") { }

    private InvalidStatisticsException(string message) : base(message) { }

    internal static InvalidStatisticsException TooMany(string path, long number, string what, long most) =>
        new($"The statistics of this model cannot be kept in '{path}': they have {number} {what}, over the {most} that a file can hold. Tailor it with the samples themselves (`--calibration`).");
}
