using SplitInfer.Client;
using SplitInfer.Client.Streams;
using SplitInfer.Tensors;

namespace SplitInfer.Documentation.Snippets;

/// <summary>docs/streams.md.</summary>
internal static class Streams
{
    public static async Task UseAsync(SplitInferenceClient client, IAsyncEnumerable<TensorValue> camera)
    {
        // snippet: a stream
        await foreach (var frame in client.InferStreamAsync(camera, new StreamOptions { MaxLatency = TimeSpan.FromMilliseconds(200), WhenBehind = WhenBehind.DropOldest }))
        {
            using (frame)
            {
                if (frame.Result is { } result) Console.WriteLine($"frame {frame.Frame}: {result} after {frame.Latency.TotalMilliseconds:F0} ms");
            }
        }
        // end of snippet
    }
}
