using Microsoft.Extensions.Logging;

namespace SplitInfer.Server.Models;

/// <content>How one model is tried, planned and published.</content>
internal sealed partial class ModelRepository
{
    private void Begin(Entry entry, string name, string version, string path)
    {
        entry.Loaded = entry.Seen;
        entry.Loading = LoadAsync(entry, name, version, path, _stop.Token);
    }

    /// <summary>Plans a model and publishes it in place of the one that was there. Where that fails, the one that was there stays.</summary>
    private async Task LoadAsync(Entry entry, string name, string version, string path, CancellationToken cancellationToken)
    {
        IServedModel? published;
        try
        {
            if (settings.Trial is { } trial) await TryAsync(trial, name, version, path, cancellationToken).ConfigureAwait(false);
            string? problem;
            (published, problem) = await PublishAsync(entry, name, version, path, cancellationToken).ConfigureAwait(false);
            if (published is null) return;
            (entry.Served, entry.Refusal) = (published, problem is null ? null : new(name, version, problem));
            _firstServed.TrySetResult();
        }
#pragma warning disable CA1031 // Whatever a model does to what reads it, the others are served.
        catch (Exception error) when (error is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            var reason = ModelLoader.ReasonOf(error, path);
            entry.Refusal = new(name, version, entry.Served is null ? reason : $"{reason} The version that was there before is served meanwhile.") { Error = error };
            UpdateRefused();
            // What was foreseen is said in the reason, and its stack tells an operator nothing.
            LogRefused(logger, error is SplitInferException ? null : error, name, version, entry.Refusal.Reason);
            return;
        }

        UpdateRefused();
        // Last, since a log that fails takes back nothing of this.
        if (entry.Refusal is { } without) LogWithoutExits(logger, name, version, without.Reason);
        else if (ModelLoader.FindMisnamedExits(path) is { } misnamed) ModelLoader.LogMisnamedExits(logger, name, version, misnamed);
        ModelLoader.LogServing(logger, name, version, published.Plan.Model);
    }

    /// <summary>Tries a model, some others beside it.</summary>
    /// <exception cref="SplitInferException">It is not to be served.</exception>
    private async Task TryAsync(IModelTrial trial, string name, string version, string path, CancellationToken cancellationToken)
    {
        // What is no model at all needs no process to say so, nor a place among those that are tried.
        await _checking.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await Task.Run(() => ModelLoader.CheckStructure(path, settings.Plan), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _checking.Release();
        }

        await _trials.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            LogTrying(logger, name, version);
            if (await ReasonAsync(trial, path, cancellationToken).ConfigureAwait(false) is { } reason) throw new ModelRepositoryException(reason);
        }
        finally
        {
            _trials.Release();
        }
    }

    /// <summary>Asks a trial, which neither need give its thread back nor end when it should.</summary>
    private async Task<string?> ReasonAsync(IModelTrial trial, string path, CancellationToken cancellationToken)
    {
        var trying = Task.Run(() => trial.TryAsync(path, cancellationToken).AsTask(), cancellationToken);
        try
        {
            return await trying.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await Task.WhenAny(trying, Task.Delay(TrialGrace, settings.Time, CancellationToken.None)).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Plans a model and publishes it.</summary>
    /// <returns>The model, null where it was changed meanwhile, and is to be read again; and why it has no exits, null where it has them or is meant to have none.</returns>
    private async Task<(IServedModel? Model, string? Problem)> PublishAsync(Entry entry, string name, string version, string path, CancellationToken cancellationToken)
    {
        await _planning.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (settings.Trial is null)
            {
                // It may have been exchanged while others were planned.
                entry.Loaded = entry.Seen = StampOf(path);
            }
            else if (StampOf(path) != entry.Seen)
            {
                // What was tried is not what would be planned.
                (entry.Seen, entry.Loaded) = (null, null);
                throw new ModelRepositoryException($"{path}: the model was changed while it was tried. A server that watches its directory reads it again once it is settled; else start it again.");
            }

            var model = await Task.Run(() => ModelLoader.Plan(path, settings.Plan, settings.Execution, logger), cancellationToken).ConfigureAwait(false);
            if (entry.Served is null || StampOf(path) == entry.Seen)
            {
                var exits = ModelLoader.ReadExits(path, model, out var problem);
                return (await ModelLoader.PublishAsync(name, version, model, exits, isOwned: true, settings, registry, logger, cancellationToken).ConfigureAwait(false), problem);
            }

            // What was changed while it was read is read again once it is settled.
            model.Model.ExternalCopy?.Dispose();
            (entry.Seen, entry.Loaded) = (null, null);
            return default;
        }
        finally
        {
            _planning.Release();
        }
    }

    [LoggerMessage(30, LogLevel.Error, "Not serving {Name} {Version}: {Reason}", EventName = "ModelNotServed")]
    private static partial void LogRefused(ILogger logger, Exception? error, string name, string version, string reason);

    [LoggerMessage(54, LogLevel.Warning, "{Name} {Version}: {Reason}", EventName = "ModelWithoutExits")]
    private static partial void LogWithoutExits(ILogger logger, string name, string version, string reason);

    [LoggerMessage(35, LogLevel.Information, "Trying {Name} {Version} in a process of its own, which may take as long as planning it", EventName = "TryingModel")]
    private static partial void LogTrying(ILogger logger, string name, string version);

    /// <summary>What is known of one version. While it is loading, the load alone may touch it, but for <see cref="IsMissing"/>.</summary>
    private sealed class Entry
    {
        /// <summary>Its trial and planning; completed where there is none under way.</summary>
        public Task Loading { get; set; } = Task.CompletedTask;

        /// <summary>What its folder looked like when it was last looked at; null where that could not be told.</summary>
        public string? Seen { get; set; }

        /// <summary>What its folder looked like when it was last read, whatever came of that.</summary>
        public string? Loaded { get; set; }

        /// <summary>The model that is served; null where there is none.</summary>
        public IServedModel? Served { get; set; }

        /// <summary>Why it is not served as it lies there; null where it is.</summary>
        public ModelRefusal? Refusal { get; set; }

        /// <summary>Whether it was gone when last looked for.</summary>
        public bool IsMissing { get; set; }
    }
}
