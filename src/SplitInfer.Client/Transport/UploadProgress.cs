namespace SplitInfer.Client.Transport;

/// <summary>
/// How far a request has got on its way out, whatever becomes of it. The transport that carries it writes it; anyone may read it
/// meanwhile and afterwards.
/// </summary>
public sealed class UploadProgress
{
    private double _encodeSeconds;
    private long _bytesSent;

    /// <summary>Seconds from the start of encoding until the first bytes were ready to leave. What is encoded later, while they travel, is not in it.</summary>
    public double EncodeSeconds
    {
        get => Volatile.Read(ref _encodeSeconds);
        set => Volatile.Write(ref _encodeSeconds, value);
    }

    /// <summary>Payload bytes that were handed over to be sent.</summary>
    public long BytesSent
    {
        get => Volatile.Read(ref _bytesSent);
        set => Volatile.Write(ref _bytesSent, value);
    }
}
