using SplitInfer.Client;

namespace SplitInfer.Documentation.Snippets;

/// <summary>docs/constraints.md.</summary>
internal static class Constraints
{
    public static SplitInferenceOptions All()
    {
        // snippet: constraints
        var options = new SplitInferenceOptions
        {
            ModelPath = "squeezenet.onnx",
            Server = new Uri("tcp://gpu-box:7070"),
            Plan = { MinDepth = 8, MaxUploadBytes = 500_000 },
            SegmentMemoryBytes = 200_000_000,
            AllowedCodecs = new HashSet<string> { "Raw", "ZeroBitmapEntropy", "Quantized8" },
        };
        // end of snippet
        return options;
    }

    public static void PrintCuts(SplitInferenceClient client)
    {
        // snippet: what is left
        foreach (var partition in client.Plan.Partitions)
            Console.WriteLine($"{partition.Index,3}: {partition.BoundaryBytes,9} bytes; {partition.InadmissibleReason ?? (partition.IsArm ? "an arm" : "admissible")}");
        // end of snippet
    }
}
