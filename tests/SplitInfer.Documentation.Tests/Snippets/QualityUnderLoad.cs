using SplitInfer.Client;
using SplitInfer.Tensors;

namespace SplitInfer.Documentation.Snippets;

/// <summary>docs/quality.md.</summary>
internal static class QualityUnderLoad
{
    public static async Task AskAsync(SplitInferenceClient client, TensorValue image)
    {
        // snippet: quality by request
        using var result = await client.InferAsync(image, new InferenceRequest { MinQuality = 0.95, User = "camera 7", Deadline = TimeSpan.FromMilliseconds(100) });
        Console.WriteLine(result.Exit == 0 ? "the model" : $"exit {result.Exit}, sure by {result.Confidence:P0}");
        // end of snippet
    }
}
