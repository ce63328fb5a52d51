using SplitInfer.Cli.Inputs;
using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Partitioning;
using SplitInfer.Tailoring.Verification;

namespace SplitInfer.Cli.Commands.Verify;

/// <summary>Verifies models in this process, one after another.</summary>
/// <param name="settings">How.</param>
/// <param name="tell">Receives what becomes known, one event at a time; from any thread.</param>
internal sealed class ModelVerification(VerifySettings settings, Action<VerifyEvent> tell) : IProgress<Partition>
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
        var known = job.Inputs is null ? [] : TensorFolder.Read(job.Inputs, "output", [.. plan.Outputs.Select(static o => o.Name)]);
        await using var verifier = await StartAsync(model, new()
        {
            Tolerance = settings.Tolerance,
            MaxConcurrency = job.Lanes,
            Execution = settings.Execution,
            KnownOutputs = known,
            OpenRunner = async cancellation => await Lane.OpenAsync(model.Model, settings.Execution, cancellation),
        }, cancellationToken);
        if (verifier.Incomparable is { } reason) return new(VerifyEnd.Incomparable, $"cannot be compared: {reason}");
        await foreach (var verdict in verifier.RunAsync(chosen, this, cancellationToken)) Tell(new() { Verdict = VerdictLine.Of(verdict) });
        foreach (var tensor in known.Values) tensor.Dispose();
        return new(VerifyEnd.Verified, null);
    }

    private static async Task<ModelVerifier> StartAsync(ModelWithInputs model, VerificationOptions options, CancellationToken cancellationToken)
    {
        try
        {
            return await ModelVerifier.StartAsync(model.Model, model.Inputs, options, cancellationToken);
        }
        catch (EngineException error)
        {
            throw model.Explain(error, "--inputs DIR");
        }
    }

    /// <summary>Tells that a partition is about to be compiled and run.</summary>
    void IProgress<Partition>.Report(Partition partition) => Tell(new() { Begun = partition.Index });

    private void Tell(VerifyEvent happened)
    {
        lock (_telling) tell(happened);
    }
}
