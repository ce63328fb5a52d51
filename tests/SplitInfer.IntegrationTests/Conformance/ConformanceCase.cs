using SplitInfer.Cli.Inputs;
using SplitInfer.Cli.Commands.Verify;
using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Partitioning;
using SplitInfer.Tailoring.Verification;
using SplitInfer.Tensors;

namespace SplitInfer.IntegrationTests.Conformance;

/// <summary>What came of one model: it was skipped for a reason, or so many of its partitions were verified, of which some may have failed.</summary>
internal sealed record ConformanceResult(string Name, int Verified, string? Skipped, IReadOnlyList<string> Failures);

/// <summary>One operator model with supplied inputs and outputs, cut everywhere.</summary>
internal sealed class ConformanceCase(string folder)
{
    private static readonly ExecutionOptions Execution = new() { IntraOpThreads = 1 };

    private readonly List<string> _failures = [];
    private int _verified;

    private string ModelPath => Path.Combine(folder, "model.onnx");

    public async Task<ConformanceResult> RunAsync()
    {
        string? skipped = null;
        try
        {
            foreach (var dataSet in Directory.EnumerateDirectories(folder, "test_data_set_*").Order(StringComparer.Ordinal))
                skipped ??= await VerifyAsync(dataSet);
        }
        catch (SplitInferException error)
        {
            skipped = ReasonToSkip(error);
            if (skipped is null) _failures.Add($"{folder}: {error.Message}");
        }

        return new(Path.GetFileName(folder), _verified, skipped, _failures);
    }

    /// <summary>Why a model is skipped that cannot be run; null where it should be.</summary>
    private string? ReasonToSkip(SplitInferException error) => (error is ModelException ? error.InnerException : error) switch
    {
        EngineException when IsRefusedAsItIs() => SkipReason.Refused,
        ModelNotSupportedException or InvalidTensorException => SkipReason.NoTensor,
        TensorMismatchException => SkipReason.OtherType,
        _ => null,
    };

    /// <summary>Whether ONNX Runtime refuses the file that no one has touched.</summary>
    private bool IsRefusedAsItIs()
    {
        try
        {
            Execution.Engine.LoadFile(ModelPath, Execution).Dispose();
            return false;
        }
        catch (EngineException)
        {
            return true;
        }
    }

    /// <summary>Verifies every admissible partition on one data set; gives a reason where there is nothing to verify.</summary>
    private async Task<string?> VerifyAsync(string dataSet)
    {
        using var model = ModelWithInputs.Load(ModelPath, names => TensorFolder.Read(dataSet, "input", names), new PlanOptions(), Execution, seed: 1);
        var plan = model.Model.Plan;
        if (plan.AllOnDevice.Index < 2) return SkipReason.TooSmall;

        var known = TensorFolder.Read(dataSet, "output", [.. plan.Outputs.Select(static o => o.Name)]);
        var options = new VerificationOptions { Execution = Execution, KnownOutputs = known, OpenRunner = async cancellation => await Lane.OpenAsync(model.Model, Execution, cancellation) };
        await using var verifier = await ModelVerifier.StartAsync(model.Model, model.Inputs, options);
        if (verifier.Incomparable is not null) return SkipReason.Random;
        await foreach (var verdict in verifier.RunAsync())
        {
            _verified++;
            if (!verdict.IsOk) _failures.Add($"{folder} partition {verdict.Partition.Index}: {verdict.Error ?? $"differs by {verdict.Difference.MaxMixed:G3}"}");
        }

        return null;
    }
}
