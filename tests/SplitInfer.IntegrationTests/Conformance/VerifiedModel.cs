using SplitInfer.Cli.Inputs;
using SplitInfer.Cli.Verification;
using SplitInfer.Execution;
using SplitInfer.Partitioning;

namespace SplitInfer.IntegrationTests.Conformance;

/// <summary>Checks partitions of a model file as <c>splitinfer verify</c> does, on made-up inputs.</summary>
internal static class VerifiedModel
{
    private static readonly ExecutionOptions Execution = new() { IntraOpThreads = 1 };

    /// <summary>Verifies every admissible partition or, where there are more than <paramref name="most"/>, so many spread evenly, both ends included.</summary>
    public static async Task AssertAsync(string path, int most = int.MaxValue, PlanOptions? plan = null)
    {
        using var model = ModelWithInputs.Load(path, static _ => [], plan ?? new(), Execution, seed: 1);
        await using var verifier = Verifier.Start(model, new Dictionary<string, Tensors.Tensor>(), Execution);
        var admissible = model.Model.Plan.Partitions.Where(static p => p.IsAdmissible).ToArray();
        Assert.True(admissible.Length > 1);
        foreach (var partition in CutSample.Of(admissible, most))
        {
            var verdict = await verifier.VerifyAsync(partition, new Tolerance(1e-4), CancellationToken.None);
            Assert.True(verdict.IsOk, $"{path} partition {partition.Index}: {verdict.Error ?? $"differs by {verdict.Difference}"}");
        }
    }
}
