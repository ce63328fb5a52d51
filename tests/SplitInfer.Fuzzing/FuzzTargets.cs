using SplitInfer.Codecs;
using SplitInfer.Fuzzing.Files;
using SplitInfer.Fuzzing.Models;
using SplitInfer.Fuzzing.Wire;
using SplitInfer.Imaging;
using SplitInfer.Imaging.Codecs;

namespace SplitInfer.Fuzzing;

/// <summary>All targets, by name.</summary>
internal static class FuzzTargets
{
    private static readonly Dictionary<string, Func<FuzzTarget>> Makers = new()
    {
        ["frames"] = static () => new FramesTarget(),
        ["server"] = static () => new ServerTarget(),
        ["replies"] = static () => new RepliesTarget(),
        ["describe"] = static () => new DescribeTarget(),
        ["client"] = static () => new ClientTarget(),
        ["onnx"] = static () => new OnnxTarget(),
        ["external"] = static () => new ExternalTarget(),
        ["plan"] = static () => new PlanTarget(),
        ["npy"] = static () => new NpyTarget(),
        ["tensor"] = static () => new TensorTarget(),
        ["state"] = static () => new StateTarget(),
        ["calibration"] = static () => new CalibrationTarget(),
        ["statistics"] = static () => new StatisticsTarget(),
        ["exits"] = static () => new ExitsTarget(),
        ["experience"] = static () => new ExperienceTarget(),
        ["keys"] = static () => new KeysTarget(),
        ["png"] = static () => new PictureTarget(ImageCodec.Png(ImagePreprocessing.ImageNet.Pixels)),
        ["jpeg"] = static () => new PictureTarget(ImageCodec.Jpeg(ImagePreprocessing.ImageNet.Pixels)),
        ["webp"] = static () => new PictureTarget(ImageCodec.WebP(ImagePreprocessing.ImageNet.Pixels)),
        ["scenario"] = static () => new ScenarioTarget(),
    };

    static FuzzTargets()
    {
        foreach (var codec in CodecRegistry.Default.All) Makers.Add($"codec-{codec.Name}", () => new CodecTarget(codec));
    }

    /// <summary>Their names.</summary>
    public static IReadOnlyList<string> Names => [.. Makers.Keys];

    /// <summary>Makes one.</summary>
    public static FuzzTarget Create(string name) => Makers[name]();
}
