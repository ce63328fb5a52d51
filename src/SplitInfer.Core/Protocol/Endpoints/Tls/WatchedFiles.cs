using System.Security.Cryptography;

namespace SplitInfer.Protocol.Endpoints.Tls;

/// <summary>
/// What files say, read anew when they have changed. Files that have changed into something that cannot be used change nothing until they are mended.
/// Thread-safe.
/// </summary>
/// <remarks>
/// What is in the files tells whether they have changed: a name may be a link whose target is exchanged, and two files may be of the same size and time. They
/// are small.
/// </remarks>
internal sealed class WatchedFiles<T> where T : class
{
    private readonly string[] _paths;
    private readonly Func<T> _read;
    private readonly Func<Exception, SecurityFileException> _explain;
    private readonly Action<string> _onBroken;
    private readonly Action<T>? _onRenewed;
    private readonly Lock _gate = new();
    private T _content;
    private byte[] _stamp;

    /// <summary>Reads the files for the first time.</summary>
    /// <param name="paths">The files.</param>
    /// <param name="read">Reads them.</param>
    /// <param name="explain">What to say of files that cannot be read.</param>
    /// <param name="onBroken">Told, once for each change, why changed files are not used.</param>
    /// <param name="onRenewed">Told of what changed files say, once it is used; null for nobody.</param>
    /// <exception cref="SecurityFileException">They cannot be used.</exception>
    public WatchedFiles(string[] paths, Func<T> read, Func<Exception, SecurityFileException> explain, Action<string> onBroken, Action<T>? onRenewed = null)
    {
        (_paths, _read, _explain, _onBroken, _onRenewed) = (paths, read, explain, onBroken, onRenewed);
        try
        {
            foreach (var path in paths) SmallFile.Require(path);
            (_stamp, _content) = (Stamp(), read());
        }
        catch (Exception exception) when (IsOfFiles(exception))
        {
            throw explain(exception);
        }
    }

    /// <summary>What the files say now, or said when they last could be used.</summary>
    public T Current
    {
        get
        {
            lock (_gate)
            {
                var stamp = Stamp();
                if (stamp.AsSpan().SequenceEqual(_stamp)) return _content;
                // Whatever comes of it, this change has been looked at.
                _stamp = stamp;
                try
                {
                    foreach (var path in _paths) SmallFile.Require(path);
                    _content = _read();
                }
                catch (Exception exception) when (IsOfFiles(exception))
                {
                    _onBroken(_explain(exception).Message);
                    return _content;
                }

                _onRenewed?.Invoke(_content);
                return _content;
            }
        }
    }

    // Keys that do not go with a certificate are an ArgumentException.
    private static bool IsOfFiles(Exception exception) =>
        exception is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException or FormatException;

    private byte[] Stamp()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var path in _paths)
        {
            try
            {
                hash.AppendData(SHA256.HashData(SmallFile.Read(path)));
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // Reading it says why it cannot be read.
                hash.AppendData([0]);
            }
        }

        return hash.GetHashAndReset();
    }
}
