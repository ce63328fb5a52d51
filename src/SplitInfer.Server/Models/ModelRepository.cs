using Microsoft.Extensions.Logging;

namespace SplitInfer.Server.Models;

/// <summary>
/// The models of a directory, <c>&lt;name&gt;/&lt;version&gt;/model.onnx</c>: read when the server starts, and again as the directory changes. What is
/// new is tried and planned beside what is served, each model for itself, and takes its place in one step; what cannot be served leaves the rest as it is.
/// One caller at a time, but for <see cref="Refused"/> and the end.
/// </summary>
/// <param name="settings">The directory, and how its models are served.</param>
/// <param name="registry">Where the models are published.</param>
/// <param name="logger">Told of every model.</param>
internal sealed partial class ModelRepository(ModelRepositorySettings settings, ModelRegistry registry, ILogger logger) : IAsyncDisposable
{
    // Clients that come as soon as the server listens find the models that are tried in the usual time.
    private static readonly TimeSpan PatienceWithOthers = TimeSpan.FromSeconds(5);

    // A trial may have a process to end.
    private static readonly TimeSpan TrialGrace = TimeSpan.FromSeconds(5);

    // The loads look at all entries as well, to tell what is refused.
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Name, string Version), Entry> _entries = [];
    private readonly CancellationTokenSource _stop = new();

    // One at a time: a check has the whole file in memory. Apart from the trials, of which one may hang.
    private readonly SemaphoreSlim _checking = new(1);
    private readonly SemaphoreSlim _trials = new(settings.MaxConcurrentTrials);

    // One at a time: planning takes all processors, and memory in proportion to the model.
    private readonly SemaphoreSlim _planning = new(1);
    private readonly TaskCompletionSource _firstServed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private List<ModelRefusal> _notListed = [];
    private List<ModelRefusal> _missed = [];
    private readonly HashSet<ModelRefusal> _warnedOf = [];
    private string? _trouble;
    private volatile IReadOnlyList<ModelRefusal> _refused = [];

    /// <summary>The models that are not served now, or not as they lie there, with the reasons.</summary>
    public IReadOnlyList<ModelRefusal> Refused => _refused;

    /// <summary>Done once no model is tried or planned. Never fails. Nothing may be looked at meanwhile.</summary>
    public Task Ended => Task.WhenAny(Task.WhenAll(_entries.Values.Select(static entry => entry.Loading)));

    /// <summary>
    /// Begins to read every model of the directory. One that cannot be planned is logged and left out, so that it does not take the others down. Returns once
    /// all are read; where they are tried first, which may take long, a few seconds after one is served at the latest, and the others follow.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait, not the reading.</param>
    /// <exception cref="ModelRepositoryException">The directory cannot be read, or not one model in it can be served.</exception>
    public async ValueTask LoadAsync(CancellationToken cancellationToken)
    {
        var files = List(isFirst: true);
        foreach (var (name, version, path) in files) _entries.Add((name, version), new() { Seen = StampOf(path) });
        foreach (var (name, version, path) in files) Begin(_entries[(name, version)], name, version, path);
        UpdateRefused();
        if (settings.Trial is not null)
        {
            await Task.WhenAny(Ended, _firstServed.Task).WaitAsync(cancellationToken).ConfigureAwait(false);
            await Task.WhenAny(Ended, Task.Delay(PatienceWithOthers, settings.Time, cancellationToken)).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }
        else
        {
            await Ended.WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        if (_firstServed.Task.IsCompleted) return;
        throw NothingServed();
    }

    /// <summary>Looks at the directory once more. A folder begins to be loaded, or a model is retired, once it looks the same as when it was last looked at: until then it may still be being written.</summary>
    /// <returns>Whether something changes just now, so that it is worth looking again soon.</returns>
    public bool Scan()
    {
        IReadOnlyList<(string Name, string Version, string Path)> files;
        try
        {
            files = List(isFirst: false);
            // A volume that is not mounted any more looks like this.
            if (files.Count == 0) throw new ModelRepositoryException($"There is no model in '{settings.Directory}' any more.");
        }
        catch (ModelRepositoryException error)
        {
            if (_trouble != error.Message) LogNotRead(logger, error.Message);
            _trouble = error.Message;
            return false;
        }

        _trouble = null;
        var isChanging = false;
        foreach (var (name, version, path) in files) isChanging |= Look(name, version, path);
        foreach (var (key, entry) in _entries.Where(one => !files.Any(file => (file.Name, file.Version) == one.Key)).ToList()) isChanging |= Miss(key, entry);
        UpdateRefused();
        return isChanging;
    }

    /// <summary>Begins to stop, without waiting for a model that is being tried or planned. Not after disposal.</summary>
    public Task CancelAsync() => _stop.CancelAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await Ended.ConfigureAwait(false);
        _stop.Dispose();
        _trials.Dispose();
        _checking.Dispose();
        _planning.Dispose();
    }

    private ModelRepositoryException NothingServed()
    {
        List<ModelRefusal> refused = [.. _refused.Except(_missed)];
        if (refused.Count == 0)
            return new($"There is no model in '{settings.Directory}'. {(_missed.Count > 0 ? _missed[0].Reason : "Put each at <name>/<version>/model.onnx.")}");
        var first = refused.Find(static model => model.Error is not null) ?? refused[0];
        return new(refused.Count == 1
            ? $"The one model in '{settings.Directory}' cannot be served: {first.Reason}"
            : $"None of the {refused.Count} models in '{settings.Directory}' can be served; the log says why. The first: {first.Reason}", first.Error);
    }

    /// <summary>Looks at a model that is there.</summary>
    /// <returns>Whether it changes just now.</returns>
    private bool Look(string name, string version, string path)
    {
        if (!_entries.TryGetValue((name, version), out var entry))
        {
            entry = new();
            lock (_gate) _entries.Add((name, version), entry);
        }

        // What was changed meanwhile is seen when it has been loaded.
        entry.IsMissing = false;
        if (!entry.Loading.IsCompleted) return true;
        if (entry.Refusal is { IsOfGone: true } ofGone) entry.Refusal = ofGone.Former;
        var stamp = StampOf(path);
        var isSettled = entry.Seen == stamp && stamp is not null;
        entry.Seen = stamp;
        if (isSettled && entry.Loaded != stamp) Begin(entry, name, version, path);
        // A folder that cannot be read is looked at again at the usual interval.
        return stamp is not null && (entry.Loaded != stamp || !entry.Loading.IsCompleted);
    }

    /// <summary>Retires a model that is not there, if it was not there before either, unless what is left in its place cannot be served.</summary>
    /// <returns>Whether it changes just now.</returns>
    private bool Miss((string Name, string Version) key, Entry entry)
    {
        if (!entry.IsMissing || !entry.Loading.IsCompleted)
        {
            entry.IsMissing = true;
            return true;
        }

        if (entry.Served is { } needed && !IsReplaceable(key.Name, out var isLoading))
        {
            if (!isLoading && entry.Refusal is not { IsOfGone: true })
            {
                entry.Refusal = new(key.Name, key.Version, "It is gone from the model directory, but what is left there cannot be served in its place, so it is served meanwhile. Mend or remove what is left.") { IsOfGone = true, Former = entry.Refusal };
                LogKept(logger, key.Name, needed.Version);
            }

            return isLoading;
        }

        lock (_gate) _entries.Remove(key);
        if (entry.Served is { } gone && registry.Retire(gone)) LogRetired(logger, key.Name, key.Version);
        return false;
    }

    /// <summary>Whether the directory has a model to serve and, where it has versions of a name, one of that name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="isLoading">Whether one is on its way.</param>
    private bool IsReplaceable(string name, out bool isLoading)
    {
        var present = _entries.Where(static one => !one.Value.IsMissing).ToList();
        var ofName = present.Where(one => one.Key.Name == name).ToList();
        var others = ofName.Count > 0 ? ofName : present;
        isLoading = others.Exists(static one => !one.Value.Loading.IsCompleted);
        return others.Exists(static one => one.Value.Served is not null);
    }

    private static string? StampOf(string path)
    {
        try
        {
            return FolderStamp.Of(Path.GetDirectoryName(path)!);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private IReadOnlyList<(string Name, string Version, string Path)> List(bool isFirst)
    {
        var (refused, missed) = (new List<ModelRefusal>(), new List<ModelRefusal>());
        var files = ModelDirectory.List(settings.Directory, refused.Add, missed.Add);
        // A folder that is being written looks like this for a moment.
        List<ModelRefusal> warnings = [.. missed.Where(model => (isFirst || _missed.Contains(model)) && _warnedOf.Add(model))], refusals = [.. refused.Except(_notListed)];
        _warnedOf.IntersectWith(missed);
        (_missed, _notListed) = (missed, refused);
        // Last, or a log that fails would end every look in the same place.
        foreach (var model in warnings) LogMissed(logger, model.Reason);
        foreach (var model in refusals) LogRefused(logger, null, model.Name, model.Version, model.Reason);
        return files;
    }

    private void UpdateRefused()
    {
        lock (_gate) _refused = [.. _notListed, .. _missed, .. _entries.Values.Select(static entry => entry.Refusal).OfType<ModelRefusal>().OrderBy(static model => (model.Name, model.Version))];
    }

    [LoggerMessage(31, LogLevel.Information, "{Name} {Version} is gone from the model directory, and no client can open it any more", EventName = "ModelRetired")]
    private static partial void LogRetired(ILogger logger, string name, string version);

    [LoggerMessage(32, LogLevel.Warning, "{Reason} What was read before is served meanwhile.", EventName = "DirectoryNotRead")]
    private static partial void LogNotRead(ILogger logger, string reason);

    [LoggerMessage(33, LogLevel.Warning, "{Reason}", EventName = "ModelMissed")]
    private static partial void LogMissed(ILogger logger, string reason);

    [LoggerMessage(34, LogLevel.Warning, "{Name} {Version} is gone from the model directory, and served all the same: what is left there cannot be served in its place. Mend or remove what is left.", EventName = "ModelKept")]
    private static partial void LogKept(ILogger logger, string name, string version);
}
