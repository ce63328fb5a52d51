using SplitInfer.Cli.Inputs;
using SplitInfer.Cli.Verification;
using SplitInfer.Execution;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.IntegrationTests.Conformance;

/// <summary>What came of one model: it was skipped for a reason, or its partitions agree with the whole and the supplied outputs, or some fail.</summary>
internal sealed record ConformanceResult(string Name, int Verified, string? Skipped, IReadOnlyList<string> Failures);

/// <summary>One operator model with supplied inputs and outputs, cut everywhere.</summary>
internal sealed class ConformanceCase(string folder)
{
    // What the operators' own tests allow, since the outputs come from another implementation.
    private const double Tolerance = 2e-3;

    private static readonly ExecutionOptions Execution = new() { IntraOpThreads = 1 };

    private string Name => Path.GetFileName(folder);

    public async Task<ConformanceResult> RunAsync()
    {
        try
        {
            var verified = 0;
            var failures = new List<string>();
            foreach (var dataSet in Directory.EnumerateDirectories(folder, "test_data_set_*").Order(StringComparer.Ordinal))
                verified += await VerifyAsync(dataSet, failures);
            return new(Name, verified, null, failures);
        }
        catch (SkippedException skip)
        {
            return new(Name, 0, skip.Message, []);
        }
    }

    private async Task<int> VerifyAsync(string dataSet, List<string> failures)
    {
        using var model = Try("the model or its data cannot be cut", () => ModelWithInputs.Load(
            Path.Combine(folder, "model.onnx"), names => TensorFolder.Read(dataSet, "input", names), new PlanOptions(), Execution, seed: 1));
        var plan = model.Model.Plan;
        if (plan.AllOnDevice.Index < 2) throw new SkippedException("there are fewer than two nodes to cut between");
        var known = Try("an output cannot be read", () => TensorFolder.Read(dataSet, "output", [.. plan.Outputs.Select(static o => o.Name)]));
        await using var verifier = Try("ONNX Runtime does not run the whole model", () => Verifier.Start(model, known, Execution));

        var whole = await verifier.VerifyAsync(plan.AllOnDevice, Tolerance, CancellationToken.None);
        if (whole is { IsOk: false, Difference.IsBitExact: true }) throw new SkippedException("ONNX Runtime alone differs from the supplied outputs");
        foreach (var partition in plan.Partitions.Where(static p => p.IsAdmissible))
        {
            var verdict = await verifier.VerifyAsync(partition, Tolerance, CancellationToken.None);
            if (!verdict.IsOk) failures.Add($"{Name} partition {partition.Index}: {verdict.Error ?? $"differs by {verdict.Difference.MaxMixed:G3}"}");
        }

        return plan.Partitions.Count(static p => p.IsAdmissible);
    }

    private static T Try<T>(string reason, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (SplitInferException error)
        {
            throw new SkippedException($"{reason} ({error.GetType().Name})", error);
        }
    }

    private sealed class SkippedException(string message, Exception? inner = null) : Exception(message, inner);
}
