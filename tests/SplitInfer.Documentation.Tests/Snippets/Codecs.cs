using SplitInfer.Client;
using SplitInfer.Codecs;
using SplitInfer.Imaging;
using SplitInfer.Imaging.Codecs;
using SplitInfer.Server;

namespace SplitInfer.Documentation.Snippets;

/// <summary>docs/codecs.md.</summary>
internal static class Codecs
{
    public static (SplitInferServerOptions Server, SplitInferenceOptions Client) Pictures()
    {
        // snippet: pictures
        var codecs = CodecRegistry.Default.With(ImageCodec.Png(ImagePreprocessing.ImageNet.Pixels)).With(ImageCodec.Jpeg(ImagePreprocessing.ImageNet.Pixels, quality: 95));
        var server = new SplitInferServerOptions { ModelsDirectory = "models", KnownCodecs = codecs };
        var client = new SplitInferenceOptions { ModelPath = "resnet50.onnx", KnownCodecs = codecs, Calibration = "resnet50.calibration.json" };
        // end of snippet
        return (server, client);
    }
}
