namespace SplitInfer.Client.Transport;

/// <summary>Carries a boundary to whoever runs the tail, and its outputs back. Implementations are safe for concurrent requests.</summary>
public interface ITailTransport : IAsyncDisposable
{
    /// <summary>Has the tail run once.</summary>
    /// <param name="request">The boundary, which the transport encodes; its tensors must live and not change until the call ends.</param>
    /// <param name="cancellationToken">Withdraws the request; the other end is told.</param>
    /// <returns>The reply, which the caller disposes.</returns>
    /// <exception cref="ServerUnreachableException">No connection could be made, or it was lost.</exception>
    /// <exception cref="Protocol.TailRefusedException">The other end refused or failed the request, and says why.</exception>
    /// <exception cref="Protocol.ProtocolException">The other end does not speak the protocol, or a frame was damaged.</exception>
    ValueTask<TailReply> SendAsync(TailRequest request, CancellationToken cancellationToken = default);
}
