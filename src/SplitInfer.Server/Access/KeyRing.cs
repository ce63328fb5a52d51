using System.Collections.Concurrent;
using SplitInfer.Protocol.Endpoints.Tls;

namespace SplitInfer.Server.Access;

/// <summary>The keys that clients may have, as a file states them or did no more than a second ago, and what their clients take. Thread-safe.</summary>
internal sealed class KeyRing : IDisposable
{
    // Often enough for a key that was removed, and cheap: the file is small.
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    private readonly WatchedFiles<KeyList> _file;
    private readonly KeyLimits _limits;
    private readonly ConcurrentDictionary<string, KeyAccount> _accounts = new(StringComparer.Ordinal);
    private readonly Action<int>? _onRenewed;
    private readonly ITimer _watch;

    // What is loaded: a handshake reads no file, which may be slow, and many at a time would wait for each other.
    private volatile KeyList _seen;
    private int _looking;

    /// <summary>Reads the file for the first time.</summary>
    /// <param name="path">The file.</param>
    /// <param name="limits">What the clients of one name may take.</param>
    /// <param name="time">The clock.</param>
    /// <param name="onBroken">Told why a changed file is not used.</param>
    /// <param name="onRenewed">Told how many keys a changed file has, once they are used; null for nobody.</param>
    /// <exception cref="Protocol.Endpoints.SecurityFileException">It cannot be used.</exception>
    public KeyRing(string path, KeyLimits limits, TimeProvider time, Action<string> onBroken, Action<int>? onRenewed = null)
    {
        (_limits, _onRenewed) = (limits, onRenewed);
        _file = Watch(path, onBroken);
        _seen = _file.Current;
        using (ExecutionContext.SuppressFlow()) _watch = time.CreateTimer(static self => ((KeyRing)self!).Look(), this, LookInterval, LookInterval);
    }

    /// <summary>Reads a file of keys.</summary>
    /// <param name="path">The file.</param>
    /// <param name="onBroken">Told why a changed file is not used.</param>
    /// <exception cref="Protocol.Endpoints.SecurityFileException">It cannot be used.</exception>
    public static WatchedFiles<KeyList> Watch(string path, Action<string> onBroken) => new([path], () => KeyList.Read(path),
        exception => new($"The keys in {path} cannot be used: {exception.Message.TrimEnd('.')}. Give a file with a name and a key in each line, which this account may read; the keys that were read before stay valid.", exception), onBroken);

    /// <summary>Keys were added or removed.</summary>
    public event Action? Changed;

    /// <summary>The key that was presented; null where there is no such key.</summary>
    public AccessKey? Find(string presented) => _seen.Find(presented);

    /// <summary>Whether a key was not removed.</summary>
    public bool IsValid(AccessKey key) => _seen.Contains(key);

    /// <summary>What the clients of a key take.</summary>
    public KeyAccount AccountOf(AccessKey key) => _accounts.GetOrAdd(key.Name, static (name, limits) => new(name, limits), _limits);

    /// <inheritdoc/>
    public void Dispose()
    {
        _watch.Dispose();
        foreach (var account in _accounts.Values) account.Dispose();
    }

    private void Look()
    {
        // A file that is slow to read is read once at a time.
        if (Interlocked.Exchange(ref _looking, 1) != 0) return;
        try
        {
            var now = _file.Current;
            if (now == _seen) return;
            // A full fence: whoever shows a key at this moment looks whether it is still there, or is seen by who is told.
            Interlocked.Exchange(ref _seen, now);
            Changed?.Invoke();
            // Last, since a log that fails must let no connection stay.
            _onRenewed?.Invoke(now.Count);
        }
#pragma warning disable CA1031 // On a timer, whatever a handler or a logger throws would end the process.
        catch (Exception)
#pragma warning restore CA1031
        {
            // The next look is a second away.
        }
        finally
        {
            Volatile.Write(ref _looking, 0);
        }
    }
}
