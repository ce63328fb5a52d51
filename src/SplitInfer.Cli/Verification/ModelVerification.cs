using SplitInfer.Cli.Inputs;
using SplitInfer.Cli.Output;
using SplitInfer.Models;
using SplitInfer.Partitioning;

namespace SplitInfer.Cli.Verification;

/// <summary>Verifies models in this process, one after another.</summary>
/// <param name="settings">How.</param>
/// <param name="tell">Receives what becomes known, one event at a time; from any thread.</param>
internal sealed class ModelVerification(VerifySettings settings, Action<VerifyEvent> tell)
{
    private readonly Lock _telling = new();

    /// <summary>Verifies one model; the last event that it tells is the end, whatever happens.</summary>
    public async Task RunAsync(VerifyJob job, CancellationToken cancellationToken) => Tell(new() { End = await EndOfAsync(job, cancellationToken) });

    private async Task<ModelEnd> EndOfAsync(VerifyJob job, CancellationToken cancellationToken)
    {
        try
        {
            return await VerifyAsync(job, cancellationToken);
        }
        catch (UsageException error)
        {
            return new(VerifyEnd.Misused, error.Message);
        }
        catch (Exception error) when (error is SplitInferException or IOException or UnauthorizedAccessException)
        {
            return new(VerifyEnd.Refused, error.Message);
        }
#pragma warning disable CA1031 // One model of many must not keep the others from being verified.
        catch (Exception error) when (error is not OperationCanceledException)
#pragma warning restore CA1031
        {
            return new(VerifyEnd.Broken, $"{job.Model}: this is a fault of SplitInfer, please report it. {error.GetType().Name}: {error.Message}");
        }
    }

    private async Task<ModelEnd> VerifyAsync(VerifyJob job, CancellationToken cancellationToken)
    {
        using var model = ModelWithInputs.Load(job.Model, job.Inputs, settings.Plan(), settings.Execution, settings.Seed, mayNameOthersSizes: !job.IsOnly);
        var plan = model.Model.Plan;
        var chosen = PartitionChoice.Of(settings.Partitions, plan);
        if (settings.Cuts is { } most) chosen = CutSample.Of(chosen, most);
        Tell(new() { Planned = new(plan.Partitions.Length, chosen.Length, SkipReasons.Count(plan)) });
        if (RandomNode.Find(model.Model, model.Inputs) is { } random) return Incomparable(random);
        var known = job.Inputs is null ? [] : TensorFolder.Read(job.Inputs, "output", [.. plan.Outputs.Select(static o => o.Name)]);
        await using var verifier = Verifier.Start(model, known, settings.Execution, cancellationToken);
        if (!verifier.Whole.Repeats) return Incomparable("two runs of the whole model on the same inputs differ");
        await VerifyAsync(verifier, chosen, job.Lanes, cancellationToken);
        foreach (var tensor in known.Values) tensor.Dispose();
        return new(VerifyEnd.Verified, null);
    }

    private static ModelEnd Incomparable(string reason) => new(VerifyEnd.Incomparable, $"cannot be compared: {reason}");

    /// <summary>Runs partitions, several at a time, and tells of them in their order.</summary>
    private async Task VerifyAsync(Verifier verifier, Partition[] chosen, int lanes, CancellationToken cancellationToken)
    {
        var verdicts = new VerdictLine?[chosen.Length];
        var told = 0;
        await Parallel.ForAsync(0, chosen.Length, new ParallelOptions { MaxDegreeOfParallelism = lanes, CancellationToken = cancellationToken }, async (place, cancellation) =>
        {
            Tell(new() { Begun = chosen[place].Index });
            var verdict = VerdictLine.Of(await verifier.VerifyAsync(chosen[place], settings.Tolerance, cancellation));
            lock (_telling)
            {
                verdicts[place] = verdict;
                for (; told < verdicts.Length && verdicts[told] is { } next; told++) tell(new() { Verdict = next });
            }
        });
    }

    private void Tell(VerifyEvent happened)
    {
        lock (_telling) tell(happened);
    }
}
