using SplitInfer.Simulation.Streams;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>The worlds that streams are compared in, by network.</summary>
internal static class StreamWorlds
{
    /// <summary>The networks that there are worlds of.</summary>
    public static IReadOnlyList<string> Networks { get; } = ["squeezenet", "resnet18", "vgg16", "tiny-yolov2"];

    /// <summary>The worlds of a network.</summary>
    public static IEnumerable<StreamWorld> Of(string network) => StreamGrid.Of(network, network switch
    {
        "squeezenet" => StreamTables.SqueezeNet(),
        "resnet18" => StreamTables.ResNet18(),
        _ => ScenarioLibrary.Own().First(scenario => scenario.Name == network + "/steady-16").Arms,
    });
}
