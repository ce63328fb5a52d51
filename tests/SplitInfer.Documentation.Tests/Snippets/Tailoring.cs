using SplitInfer.Models;
using SplitInfer.Partitioning;
using SplitInfer.Tailoring.Calibration;
using SplitInfer.Tailoring.Families;

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
}
