namespace SplitInfer.Client.Transport;

/// <summary>
/// How far a request has got on its way out, whatever becomes of it. The transport that carries it writes it; anyone may read it
/// meanwhile and afterwards.
/// </summary>
public sealed class UploadProgress
{
    private double _encodeSeconds;
    private double _sendSeconds;
    private long _bytesSent;
    private volatile ConnectionFate? _connection;

    /// <summary>Seconds from the start of encoding until the first bytes were ready to leave. What is encoded later, while they travel, is not in it.</summary>
    public double EncodeSeconds
    {
        get => Volatile.Read(ref _encodeSeconds);
        set => Volatile.Write(ref _encodeSeconds, value);
    }

    /// <summary>Seconds from the first bytes that could leave until the last were handed to the network; 0 before that, and where the transport does not tell.</summary>
    public double SendSeconds
    {
        get => Volatile.Read(ref _sendSeconds);
        set
        {
            Volatile.Write(ref _sendSeconds, value);
            Sent?.Invoke();
        }
    }

    /// <summary>Payload bytes that were handed over to be sent.</summary>
    public long BytesSent
    {
        get => Volatile.Read(ref _bytesSent);
        set => Volatile.Write(ref _bytesSent, value);
    }

    /// <summary>Called whenever <see cref="SendSeconds"/> is set; must be quick. Null where nobody waits for that.</summary>
    internal Action? Sent { get; set; }

    /// <summary>Whether another connection is used by now, since the one that carries this request fell silent.</summary>
    internal bool IsLeftBehind => _connection is { IsRetired: true };

    /// <summary>The request travels on a connection from now on.</summary>
    internal void Begin(ConnectionFate connection)
    {
        _connection = connection;
        // What an attempt before this one did says nothing of this one.
        Volatile.Write(ref _encodeSeconds, 0);
        Volatile.Write(ref _sendSeconds, 0);
        Volatile.Write(ref _bytesSent, 0);
    }
}
