using System.CommandLine;
using SplitInfer.Cli.Inputs;
using SplitInfer.Imaging;
using SplitInfer.Imaging.Codecs;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Commands;

/// <summary>The options that name codecs for pictures.</summary>
internal sealed class ImageCodecOptions
{
    private readonly Option<string[]> _codecs;
    private readonly Option<string?> _preprocessing;

    /// <summary>Makes the options.</summary>
    /// <param name="use">What the codecs are for, a sentence.</param>
    /// <param name="otherwise">What holds where no preprocessing is given, a sentence.</param>
    public ImageCodecOptions(string use, string otherwise)
    {
        _codecs = new("--image-codecs") { Description = $"{use} png, jpeg:QUALITY and webp:QUALITY, or whole names such as Jpeg95-ImageNet, with commas between them.", HelpName = "LIST" };
        _preprocessing = new("--preprocessing")
        {
            Description = $"How pixels become inputs: ImageNet, ImageNetCaffe, ZeroToOne, MinusOneToOne, or words such as bgr,mean=104/117/123,deviation=58. {otherwise}",
            HelpName = "HOW",
        };
    }

    /// <summary>The option that names codecs.</summary>
    public Option Codecs => _codecs;

    /// <summary>Both options.</summary>
    public IEnumerable<Option> All => [_codecs, _preprocessing];

    /// <summary>Whether codecs are named.</summary>
    public bool AreGiven(ParseResult parsed) => parsed.GetValue(_codecs) is { Length: > 0 };

    /// <summary>Whether the preprocessing is stated.</summary>
    public bool IsStated(ParseResult parsed) => parsed.GetValue(_preprocessing) is not null;

    /// <summary>The codecs that are named; none where the option is left out.</summary>
    /// <exception cref="UsageException">A name is none, or says nothing of the preprocessing, which is not given either.</exception>
    public IReadOnlyList<ImageCodec> Of(ParseResult parsed)
    {
        RequireUse(parsed);
        return Of(parsed.GetValue(_codecs) ?? [], Stated(parsed));
    }

    /// <summary>The codecs that are named, for an input; none where the option is left out.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="model">The model.</param>
    /// <param name="samples">Samples of its inputs, by which the preprocessing is found where neither the command line nor the file of the model states it.</param>
    /// <param name="otherwise">What is named where the option is left out.</param>
    /// <exception cref="UsageException">A name is none, the model takes no pictures, or the preprocessing was not found.</exception>
    public IReadOnlyList<ImageCodec> Of(ParseResult parsed, PartitionedModel model, IEnumerable<TensorValue[]> samples, params string[] otherwise)
    {
        var names = parsed.GetValue(_codecs) is { Length: > 0 } given ? given : otherwise;
        if (names.Length == 0) RequireUse(parsed);
        if (names.Length == 0) return [];
        if (InputOf(model) is not { } input) throw new UsageException($"--image-codecs: no input of '{model.Source}' takes pictures, which are float32 or uint8 of 1×3×H×W, 1×H×W×3, 1×1×H×W or 1×H×W×1.");
        var stated = Stated(parsed) ?? PixelMapping.FromMetadata(model.Metadata.Properties, input);
        // What is wrong with the names is told before samples are read. Whole names need nothing else.
        var codecs = Of(names, (stated ?? new()).For(input));
        return stated is not null || Split(names).TrueForAll(static name => ImageCodec.TryParse(name, out _)) ? codecs : Of(names, Find(input, samples.Select(sample => sample[model.Plan.Inputs.IndexOf(input)])));
    }

    /// <summary>The first input that takes pictures; null where none does.</summary>
    public static TensorSpec? InputOf(PartitionedModel model) => model.Plan.Inputs.FirstOrDefault(PixelMapping.CanBePicture);

    private static PixelMapping Find(TensorSpec input, IEnumerable<TensorValue> samples)
    {
        try
        {
            return PixelMapping.Find(input, samples);
        }
        catch (PixelMappingNotFoundException error)
        {
            throw new UsageException(error.Message.Replace("State the preprocessing", "State it with --preprocessing", StringComparison.Ordinal));
        }
    }

    private void RequireUse(ParseResult parsed)
    {
        if (IsStated(parsed) && !AreGiven(parsed)) throw new UsageException("--preprocessing is for codecs of pictures: name some with --image-codecs, or leave it out.");
    }

    private PixelMapping? Stated(ParseResult parsed)
    {
        if (parsed.GetValue(_preprocessing) is not { } text) return null;
        try
        {
            return PixelMapping.Parse(text);
        }
        catch (FormatException error)
        {
            throw new UsageException($"--preprocessing {text}: {error.Message}");
        }
    }

    private static IReadOnlyList<ImageCodec> Of(string[] names, PixelMapping? pixels)
    {
        try
        {
            return [.. Split(names).Select(name => ImageCodec.Parse(name, pixels)).DistinctBy(static codec => codec.Name)];
        }
        catch (FormatException error)
        {
            throw new UsageException($"--image-codecs: {error.Message}");
        }
    }

    /// <summary>Names one by one. Mappings have commas too: what does not begin as a name does goes on with the last.</summary>
    private static List<string> Split(IEnumerable<string> lists)
    {
        var names = new List<string>();
        foreach (var list in lists)
        {
            var first = names.Count;
            foreach (var part in list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                if (names.Count == first || Enum.GetNames<ImageFormat>().Any(format => part.StartsWith(format, StringComparison.OrdinalIgnoreCase))) names.Add(part);
                else names[^1] += $",{part}";
            }
        }

        return names;
    }
}
