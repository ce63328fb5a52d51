using SplitInfer.Cli.Inputs;
using SplitInfer.Cli.Commands.Verify;
using SplitInfer.Execution;
using SplitInfer.Partitioning;
using SplitInfer.Tailoring.Verification;

namespace SplitInfer.IntegrationTests.Conformance;

/// <summary>Checks partitions of a model file as <c>splitinfer verify</c> does, on made-up inputs.</summary>
internal static class VerifiedModel
{
    private static readonly ExecutionOptions Execution = new() { IntraOpThreads = 1 };

    /// <summary>Verifies every admissible partition or, where there are more than <paramref name="most"/>, so many spread evenly, both ends included.</summary>
    public static async Task AssertAsync(string path, int most = int.MaxValue, PlanOptions? plan = null)
    {
        using var model = ModelWithInputs.Load(path, static _ => [], plan ?? new(), Execution, seed: 1);
        var options = new VerificationOptions { Execution = Execution, OpenRunner = async cancellation => await Lane.OpenAsync(model.Model, Execution, cancellation) };
        await using var verifier = await ModelVerifier.StartAsync(model.Model, model.Inputs, options);
        var admissible = model.Model.Plan.Partitions.Where(static p => p.IsAdmissible).ToArray();
        Assert.True(admissible.Length > 1);
        await foreach (var verdict in verifier.RunAsync(CutSample.Of(admissible, most)))
            Assert.True(verdict.IsOk, $"{path} partition {verdict.Partition.Index}: {verdict.Error ?? $"differs by {verdict.Difference}"}");
    }
}
