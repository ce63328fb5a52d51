using System.Globalization;

namespace SplitInfer.Tailoring.Statistics;

/// <summary>
/// Whether statistics of one model from several files go together. A device that is broken, or lies, can tell of one element of 3·10³⁸ or of a sample of 2⁴⁰ elements, and nothing
/// of what the others tell would show in the sum.
/// </summary>
internal sealed class LikeStatistics
{
    // Sizes that are free in a model may differ so much: eight times as long, and both dimensions of a map of attention.
    private const double MostElementsRatio = 64;

    // Maps that are nearly 0 for one device's samples and not for another's are told by their size.
    private const double MostRangeRatio = 1e6, LargestUsualRange = 1e4;

    private readonly List<string> _paths = [];
    private readonly Dictionary<string, List<(int File, double Range)>> _ranges = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (int File, double Elements)> _first = new(StringComparer.Ordinal);

    /// <summary>Begins with a file.</summary>
    public LikeStatistics(string path, SampleStatistics statistics) => Add(path, statistics);

    /// <summary>Takes one more.</summary>
    /// <exception cref="InvalidStatisticsException">A value has far more or fewer elements by sample than in the first file that has it.</exception>
    public void Add(string path, SampleStatistics statistics)
    {
        _paths.Add(path);
        foreach (var (name, value) in statistics.Values)
        {
            var elements = (double)value.Count / statistics.Samples;
            if (!_first.TryAdd(name, (_paths.Count - 1, elements)) && _first[name] is var first && Math.Max(elements / first.Elements, first.Elements / elements) > MostElementsRatio)
                throw new InvalidStatisticsException(path, string.Create(CultureInfo.InvariantCulture, $"a sample has {elements:G4} elements of '{name}', and in '{_paths[first.File]}' {first.Elements:G4}, so that one of the files would hardly count. Leave out the one that is wrong"));
            if (!_ranges.TryGetValue(name, out var ranges)) _ranges.Add(name, ranges = []);
            ranges.Add((_paths.Count - 1, Math.Max(Math.Abs((double)value.Minimum), Math.Abs((double)value.Maximum))));
        }
    }

    /// <summary>Compares the ranges of all.</summary>
    /// <exception cref="InvalidStatisticsException">That of one is beyond all measure.</exception>
    public void Check()
    {
        foreach (var (name, ranges) in _ranges)
        {
            if (ranges.Count < 2) continue;
            var (file, range) = ranges.MaxBy(static r => r.Range);
            var others = ranges.Where(other => other.File != file).Select(static other => other.Range).Order().ToArray();
            // What most of the others say.
            var usual = others[(others.Length - 1) / 2];
            if (range > LargestUsualRange && range > MostRangeRatio * usual)
                throw new InvalidStatisticsException(_paths[file], string.Create(CultureInfo.InvariantCulture, $"'{name}' is up to {range:G4} in it, and {usual:G4} in the other files, so that 8 bits could tell nothing else apart. Leave this file out"));
        }
    }
}
