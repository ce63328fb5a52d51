using SplitInfer.Families;
using SplitInfer.Models;
using SplitInfer.Partitioning;
using SplitInfer.Tailoring.Families;

namespace TailoredClassifier;

/// <summary>Makes a family of one model.</summary>
internal static class Variants
{
    /// <summary>Tailors, and prints what there is.</summary>
    /// <param name="model">The model.</param>
    /// <param name="pictures">What it is tailored for.</param>
    /// <param name="folder">Where the family is left.</param>
    public static async Task<ModelFamily> TailorAsync(PartitionedModel model, Pictures pictures, string folder)
    {
        Console.WriteLine($"Tailoring {Path.GetFileName(model.Source)} with {pictures.Count} pictures …");
        var file = OnnxModel.Load(model.Source);
        // Targets say what is needed; without any, all variants are delivered that no other one beats.
        TailoringTarget[] targets = [new() { Name = "small", MaxBytes = new FileInfo(model.Source).Length / 3.0 }, new() { Name = "exact", MinAgreement = 0.8 }];
        var family = await Task.Run(() => ModelTailor.CreateSuite(file, model.Plan.Inputs, targets, pictures, folder));

        Console.WriteLine($"{"variant",-26} {"MB",6} {"ms",7} {"agreement",10} {"at least",9} {"cosine",7}  for");
        foreach (var variant in family.Variants)
        {
            var of = string.Join(", ", family.Targets.Where(target => target.Variant == variant.Name).Select(static target => target.Name));
            Console.WriteLine($"{variant.Name,-26} {variant.Bytes / 1e6,6:F1} {variant.Times[0].Milliseconds,7:F1} {variant.Agreement,10:P1} {variant.AgreementLow,9:P1} {variant.Cosine,7:F3}  {of}");
        }

        foreach (var target in family.Targets.Where(static target => target.Refusal is not null)) Console.WriteLine($"No variant for {target.Name}: {target.Refusal}");
        return family;
    }
}
