namespace SplitInfer.Client.Transport;

/// <summary>What became of a connection, apart from the connection itself, so that a request that is kept does not keep the connection. Thread-safe.</summary>
internal sealed class ConnectionFate
{
    private bool _isRetired;

    /// <summary>Whether another connection took its place because it fell silent.</summary>
    public bool IsRetired
    {
        get => Volatile.Read(ref _isRetired);
        set => Volatile.Write(ref _isRetired, value);
    }
}
