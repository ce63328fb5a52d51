using SplitInfer.Calibration;
using SplitInfer.Codecs;
using SplitInfer.Families;
using SplitInfer.Imaging.Codecs;

namespace SplitInfer.Cli.Inputs;

/// <summary>The codecs of the command line: those of SplitInfer, and those of pictures, of which there are as many as there are ways to map pixels.</summary>
internal static class CodecNames
{
    /// <summary>What an error says of names that there are.</summary>
    public static string Known => $"{string.Join(", ", CodecRegistry.Default.Names)}, and those of pictures, such as Jpeg95-ImageNet";

    /// <summary>The name of a codec as it is spelled; null where there is none.</summary>
    public static string? Spell(string name) => CodecRegistry.Default.Names.FirstOrDefault(known => known.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? (ImageCodec.TryParse(name, out var picture) ? picture.Name : null);

    /// <summary>The codecs of SplitInfer, and those of pictures among <paramref name="names"/>.</summary>
    public static CodecRegistry Registry(IEnumerable<string?> names) =>
        names.Aggregate(CodecRegistry.Default, static (registry, name) => ImageCodec.TryParse(name, out var picture) && !registry.TryGet(picture.Name, out _) ? registry.With(picture) : registry);

    /// <summary>The codecs of SplitInfer, and those of pictures that a calibration has.</summary>
    /// <param name="calibration">The file, or a folder of one for each variant of a family; null where there is none.</param>
    /// <param name="others">Names of others.</param>
    /// <exception cref="InvalidCalibrationException">The file is no calibration.</exception>
    public static CodecRegistry Registry(string? calibration, params IEnumerable<string?> others) =>
        Registry([.. FilesOf(calibration).SelectMany(static file => CalibrationFile.Load(file).Entries).Select(static entry => entry.Codec).Distinct(), .. others]);

    private static string[] FilesOf(string? calibration) => calibration is null ? []
        : Directory.Exists(calibration) ? [.. Directory.EnumerateFiles(calibration, "*.json").Where(static file => Path.GetFileName(file) != FamilyFile.Name)]
        : [calibration];

    /// <summary>Whether a codec changes nothing.</summary>
    public static bool IsLossless(string name) => Registry([name]).TryGet(name, out var codec) && codec.IsLossless;
}
