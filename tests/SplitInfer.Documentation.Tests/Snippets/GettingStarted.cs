using SplitInfer.Client;
using SplitInfer.Imaging;
using SplitInfer.Tensors;

namespace SplitInfer.Documentation.Snippets;

/// <summary>docs/getting-started.md.</summary>
internal static class GettingStarted
{
    public static async Task RunAsync(string[] args)
    {
        // snippet: first program
        var (model, server) = (args[0], new Uri(args[1]));
        await using var client = await SplitInferenceClient.CreateAsync(new() { ModelPath = model, Server = server });
        Console.WriteLine($"{client.Plan.Partitions.Length} partitions, of which {client.Plan.Arms.Length} can be the fastest");

        var takes = client.Plan.Inputs[0];
        using var input = TensorValue.Allocate(takes.Type, takes.Shape);
        input.Bytes.Span.Clear(); // your data here

        var middle = client.Plan.Arms[client.Plan.Arms.Length / 2].Index;
        for (var i = 0; i < 10; i++)
        {
            // The first three are cut in the middle, the others where the policy wants.
            using var result = await client.InferAsync(input, new() { Partition = i < 3 ? middle : null });
            Console.WriteLine($"{result.Source}: partition {result.Partition.Index}, {result.BytesSent} bytes sent, {result.Timings.Total.TotalMilliseconds:F1} ms");
        }
        // end of snippet
    }

    public static async Task ClassifyAsync(SplitInferenceClient client, string photograph)
    {
        // snippet: photograph
        using var input = ImagePreprocessing.ImageNet.For(client.Plan.Inputs[0]).Load(photograph);
        using var result = await client.InferAsync(input);
        using var probabilities = result.Outputs[0].Softmax(); // leave this out where the model ends with a softmax of its own, as many SqueezeNet files do
        foreach (var best in probabilities.TopK(3)) Console.WriteLine($"class {best.Index}: {best.Score:P1}");
        // end of snippet
    }

    public static SplitInferenceOptions SeveralServers()
    {
        // snippet: several servers
        var options = new SplitInferenceOptions
        {
            ModelPath = "squeezenet.onnx",
            Servers = { new() { Name = "edge", Address = new Uri("tcp://edge:7070") }, new() { Name = "cloud", Address = new Uri("tcp://cloud:7070") } },
        };
        // end of snippet
        return options;
    }
}
