using SplitInfer.Client;
using SplitInfer.Tensors;

namespace SplitInfer.Documentation.Snippets;

/// <summary>README.md, whose program tests/consumers runs from the packages.</summary>
internal static class Readme
{
    public static async Task RunAsync()
    {
        // snippet: readme
        await using var client = await SplitInferenceClient.CreateAsync(new()
        {
            ModelPath = "squeezenet.onnx",                 // the same file that the server holds
            Server = new Uri("tcp://gpu-box:7070"),
        });
        var pixels = new float[3 * 224 * 224];             // your image, preprocessed for the model
        using var image = TensorValue.From<float>(pixels, 1, 3, 224, 224);
        using var result = await client.InferAsync(image);
        Console.WriteLine($"{result.Source}: {result.BytesSent} bytes sent, {result.Timings.Total.TotalMilliseconds:F1} ms");
        // end of snippet
    }
}
