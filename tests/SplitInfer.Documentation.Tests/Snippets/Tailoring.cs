using SplitInfer.Client;
using SplitInfer.Models;
using SplitInfer.Partitioning;
using SplitInfer.Tailoring.Calibration;
using SplitInfer.Tailoring.Families;
using SplitInfer.Tensors;

namespace SplitInfer.Documentation.Snippets;

/// <summary>docs/tailoring.md.</summary>
internal static class Tailoring
{
    public static void Make(ISampleSource samples)
    {
        // snippet: family
        var model = OnnxModel.Load("squeezenet.onnx");
        var inputs = PartitionedModel.From(model).Plan.Inputs;
        TailoringTarget[] targets = [new() { Name = "small", MaxBytes = 1.5e6, MinAgreement = 0.95 }];
        var family = ModelTailor.CreateSuite(model, inputs, targets, samples, "family");
        foreach (var variant in family.Variants)
            Console.WriteLine($"{variant.Name}: {variant.Bytes} bytes, {variant.Agreement:P1}");
        // end of snippet
    }

    public static async Task ChooseAsync(TensorValue input)
    {
        // snippet: family in a client
        await using var client = await SplitInferenceClient.CreateAsync(new()
        {
            Family = "family/family.json",
            Server = new Uri("tcp://127.0.0.1:7070"),
        });
        using var result = await client.InferAsync(input, new() { Deadline = TimeSpan.FromMilliseconds(100), MinAccuracy = 0.6 });
        Console.WriteLine($"{result.Variant} by {result.Source}, right in {result.Accuracy:P1} of cases");
        // end of snippet
    }
}
