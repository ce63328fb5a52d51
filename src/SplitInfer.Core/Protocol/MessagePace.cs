namespace SplitInfer.Protocol;

/// <summary>When enough of one message had last come. Written by the connection's reader alone; read by any thread.</summary>
internal sealed class MessagePace
{
    private int _bytes;
    private long _keptAt;

    /// <summary>When its pace was last kept, as a timestamp.</summary>
    public long KeptAt => Volatile.Read(ref _keptAt);

    /// <summary>The message begins.</summary>
    /// <param name="now">The time, as a timestamp.</param>
    public void Begin(long now)
    {
        _bytes = 0;
        Volatile.Write(ref _keptAt, now);
    }

    /// <summary>Some of its payload has come.</summary>
    /// <param name="bytes">How much.</param>
    /// <param name="now">The time, as a timestamp.</param>
    public void Record(int bytes, long now)
    {
        _bytes += bytes;
        if (_bytes >= FrameReader.PaceBytes) Begin(now);
    }
}
