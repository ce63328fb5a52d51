using System.Runtime.CompilerServices;
using SplitInfer.Protocol;
using SplitInfer.Server.Models;
using SplitInfer.Server.Scheduling;

namespace SplitInfer.Server.WholeModels;

/// <summary>
/// Tells whether a model can be used now: a tail of it has run with success lately, whoever asked for that run. Where none has, as on an idle server, the
/// model is run once on made-up inputs, in turn with what clients ask for. One model at a time is tried, each not more often than its answer keeps, so that
/// asking costs little however often it is done. Thread-safe.
/// </summary>
/// <param name="models">Runs models.</param>
/// <param name="health">Knows of the runs that succeeded.</param>
/// <param name="time">The clock.</param>
internal sealed class ReadinessProbe(WholeModelService models, RunHealth health, TimeProvider time)
{
    /// <summary>For how long after a run that succeeded a model is taken to be ready.</summary>
    public static readonly TimeSpan Lately = TimeSpan.FromSeconds(30);

    /// <summary>How long a model that did not run is not tried again.</summary>
    public static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(10);

    // Who asks is answered within this; a run that takes longer tells the next one who asks.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly ConditionalWeakTable<IServedModel, Trial> _trials = [];
    private readonly Lock _gate = new();
    private Task _last = Task.CompletedTask;

    /// <summary>Whether a model is ready.</summary>
    public async Task<bool> IsReadyAsync(IServedModel model, CancellationToken cancellationToken)
    {
        if (HasRunLately(model)) return true;
        var trial = Begin(model);
        await Task.WhenAny(trial, Task.Delay(Patience, time, cancellationToken)).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return trial.IsCompletedSuccessfully && await trial.ConfigureAwait(false);
    }

    /// <summary>Whether one of the models is ready. Those that ran last are asked first.</summary>
    public async Task<bool> IsAnyReadyAsync(IReadOnlyList<IServedModel> all, CancellationToken cancellationToken)
    {
        if (all.Any(HasRunLately)) return true;
        var began = time.GetTimestamp();
        foreach (var model in all.OrderBy(model => health.AgeOf(model) ?? TimeSpan.MaxValue))
        {
            if (await IsReadyAsync(model, cancellationToken).ConfigureAwait(false)) return true;
            if (time.GetElapsedTime(began) >= Patience) break;
        }

        return false;
    }

    private bool HasRunLately(IServedModel model) => health.AgeOf(model) is { } age && age <= Lately;

    /// <summary>The trial of a model that is under way or still counts, or a new one.</summary>
    private Task<bool> Begin(IServedModel model)
    {
        lock (_gate)
        {
            if (_trials.TryGetValue(model, out var trial) && (!trial.Outcome.IsCompleted || time.GetElapsedTime(trial.EndedAt) < RetryInterval)) return trial.Outcome;
            trial = new();
            _trials.AddOrUpdate(model, trial);
            // It outlives the request that asks, and must not carry that call's context along.
            using (ExecutionContext.SuppressFlow()) trial.Outcome = Task.Run(TryInTurnAsync);
            return trial.Outcome;

            async Task<bool> TryInTurnAsync()
            {
                var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                Task before;
                lock (_gate) (before, _last) = (_last, turn.Task);
                await before.ConfigureAwait(false);
                try
                {
                    return await TryAsync(model).ConfigureAwait(false);
                }
                finally
                {
                    trial.EndedAt = time.GetTimestamp();
                    turn.SetResult();
                }
            }
        }
    }

    /// <summary>Runs a model once.</summary>
    private async Task<bool> TryAsync(IServedModel model)
    {
        try
        {
            // One that cannot be tried, as for want of sizes, is ready as far as anybody knows.
            if (model.MakeInputs() is not { } inputs) return true;
            using var request = models.BeginProbe(model.Name, model.Version);
            await request.RunAsync(inputs).ConfigureAwait(false);
            return true;
        }
        catch (TailRefusedException refused)
        {
            // A server that has too much to do for a trial does something, and a model that cannot be run whole may be cut.
            return refused.Code == RefusalCode.InvalidPartition || (refused.Code == RefusalCode.Busy && health.AgeOf(model) is not null);
        }
    }

    private sealed class Trial
    {
        private long _endedAt;

        public Task<bool> Outcome { get; set; } = Task.FromResult(false);

        public long EndedAt
        {
            get => Volatile.Read(ref _endedAt);
            set => Volatile.Write(ref _endedAt, value);
        }
    }
}
