using SplitInfer.Client;
using SplitInfer.Tensors;

namespace SplitInfer.Documentation.Snippets;

/// <summary>docs/exits.md.</summary>
internal static class Exits
{
    public static async Task UseAsync(TensorValue input)
    {
        // snippet: exits in a client
        await using var client = await SplitInferenceClient.CreateAsync(new()
        {
            ModelPath = "mnist.onnx",
            Exits = "mnist.exits.json",
            Server = new Uri("tcp://127.0.0.1:7070"),
        });
        using var result = await client.InferAsync(input, new() { Deadline = TimeSpan.FromMilliseconds(20) });
        Console.WriteLine(result.Exit > 0 ? $"exit {result.Exit}, {result.Confidence:P1} sure" : $"the model, by {result.Source}");
        // end of snippet
    }

    public static async Task GoOnAsync(SplitInferenceClient client, TensorValue input)
    {
        // snippet: progressive answers
        await foreach (var answer in client.InferProgressiveAsync(input))
        {
            using (answer)
            {
                Console.WriteLine(answer);
                if (answer.Confidence > 0.8) break;
            }
        }
        // end of snippet
    }
}
