namespace SplitInfer.Testing.Networks;

/// <summary>All networks of the kit in sizes that tests run quickly.</summary>
public static class NetworkCatalog
{
    /// <summary>How each is built, by name.</summary>
    public static IReadOnlyDictionary<string, Func<GraphBuilder>> All { get; } = new Dictionary<string, Func<GraphBuilder>>
    {
        ["resnet18"] = static () => ResNet18.Build(size: 64, classes: 10, width: 16),
        ["mobilenet_v2"] = static () => MobileNetV2.Build(size: 64, classes: 10),
        ["transformer"] = static () => TransformerEncoder.Build(),
        ["lstm_tagger"] = static () => LstmTagger.Build(),
        ["detector"] = static () => Detector.Build(),
        ["unet"] = static () => UNet.Build(),
        ["half"] = static () => HalfConvNet.Build(),
        ["audio"] = static () => AudioNet.Build(),
        ["control_flow"] = static () => ControlFlow.Build(),
        ["functions"] = static () => FunctionNet.Build(),
    };
}
