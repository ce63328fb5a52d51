using System.Collections.Immutable;

namespace SplitInfer.Client.Transport;

/// <summary>
/// Carries a boundary to whoever runs the tail, and its outputs back. Implementations are safe for concurrent requests, and for being
/// disposed twice.
/// </summary>
/// <remarks>A transport that wraps another one passes on every member, also those with a default, or what the inner transport can do is lost.</remarks>
public interface ITailTransport : IAsyncDisposable
{
    /// <summary>What the transport can do beside carrying boundaries. Nothing unless overridden.</summary>
    TransportCapabilities Capabilities => TransportCapabilities.None;

    /// <summary>Names of the codecs that the other end accepts, as far as that is known by now; empty where it is not known, so that any may be used.</summary>
    ImmutableArray<string> AcceptedCodecs => [];

    /// <summary>
    /// Seconds that the tail of each partition takes at the other end when nothing else runs there, by the partition's index; 0 where it was not
    /// measured. Empty where the other end made no profile, or is not connected yet.
    /// </summary>
    ImmutableArray<double> TailSeconds => [];

    /// <summary>
    /// For how long the other end has owed something, connecting included, without any sign of life; zero where nothing is owed. A client has the
    /// device begin where it is long, and lets the first result win. Only with <see cref="TransportCapabilities.Silence"/>.
    /// </summary>
    TimeSpan Silence => TimeSpan.Zero;

    /// <summary>Requests that the other end takes at a time, so that a stream has no more in flight; null where there is no limit, or it is not known yet.</summary>
    int? MaxInFlight => null;

    /// <summary>
    /// Has the tail run once. A transport ends a request by itself when the other end makes no progress: a client bounds the wait only by the
    /// request's deadline and, under a policy that learns, by racing the device.
    /// </summary>
    /// <param name="request">The boundary, which the transport encodes; its tensors must live and not change until the call ends.</param>
    /// <param name="cancellationToken">Withdraws the request; the other end is told. Also signalled when the request's deadline passes.</param>
    /// <returns>The reply, which the caller disposes.</returns>
    /// <exception cref="ServerUnreachableException">No connection could be made, or it was lost. A client treats every other error that is no <see cref="SplitInferException"/> alike.</exception>
    /// <exception cref="Protocol.TailRefusedException">The other end refused or failed the request, and says why.</exception>
    /// <exception cref="Protocol.ProtocolException">The other end does not speak the protocol, or a frame was damaged.</exception>
    ValueTask<TailReply> SendAsync(TailRequest request, CancellationToken cancellationToken = default);

    /// <summary>Connects where that is due, then measures the time of the smallest message to the other end and back. Only with <see cref="TransportCapabilities.Ping"/>.</summary>
    /// <exception cref="ServerUnreachableException">No connection could be made, or it was lost. A client treats every other error alike.</exception>
    /// <exception cref="NotSupportedException">The transport cannot ping.</exception>
    ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException($"{GetType().Name} cannot ping. Check {nameof(Capabilities)} first.");
}

/// <summary>What an <see cref="ITailTransport"/> can do beside carrying boundaries.</summary>
[Flags]
public enum TransportCapabilities
{
    /// <summary>Nothing. Only requests tell whether the other end is there, and policies learn the link from requests alone.</summary>
    None = 0,

    /// <summary><see cref="ITailTransport.PingAsync"/> works.</summary>
    Ping = 1,

    /// <summary><see cref="ITailTransport.Silence"/> tells for how long the other end has shown no sign of life. The transport must see to signs while a tail runs, such as answers to pings.</summary>
    Silence = 2,

    /// <summary>
    /// <see cref="UploadProgress.SendSeconds"/> is set as soon as the last bytes of a request were handed to the network. Frames of a stream are then sent one after the other,
    /// each as a whole; of a transport that does not tell, they begin in their order.
    /// </summary>
    SendProgress = 4,
}
