namespace SplitInfer.Protocol.Endpoints;

/// <summary>
/// Bytes in order, both ways, over whatever carries them. One reader and one writer may be active at the same time.
/// After <see cref="Dispose"/>, which may come at any time from any thread, pending and later calls fail.
/// </summary>
internal abstract class ByteChannel : IDisposable
{
    /// <summary>Who is at the other end.</summary>
    public virtual PeerAddress Peer => PeerAddress.Local;

    /// <summary>Receives at least one byte, or 0 at the end.</summary>
    public abstract ValueTask<int> ReceiveAsync(Memory<byte> target);

    /// <summary>Sends as much of <paramref name="first"/> and then <paramref name="second"/> as goes out without waiting, and keeps neither.</summary>
    /// <returns>Bytes sent, of both together; may be 0.</returns>
    public abstract int TrySend(ReadOnlyMemory<byte> first, ReadOnlyMemory<byte> second);

    /// <summary>Sends all of <paramref name="bytes"/>, which must not change until then.</summary>
    public abstract ValueTask SendAsync(ReadOnlyMemory<byte> bytes);

    /// <summary>Tells the other end that nothing more will be sent; it may still be listened to.</summary>
    public abstract void EndSending();

    /// <summary>Does what <see cref="Dispose"/> does, without a word to the other end where that would take its time: it is lost, or has broken the rules.</summary>
    public virtual void Abort() => Dispose();

    public abstract void Dispose();
}
