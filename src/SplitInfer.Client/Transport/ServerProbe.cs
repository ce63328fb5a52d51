using System.Collections.Immutable;
using SplitInfer.Codecs;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Endpoints;

namespace SplitInfer.Client.Transport;

/// <summary>
/// Finds out whether a server is there and how far it is, without a model: for diagnosis and health checks. Connects with the first ping and anew when
/// the connection was lost. Safe for concurrent use.
/// </summary>
public sealed class ServerProbe : IAsyncDisposable
{
    private readonly ServerLink _link;
    private volatile ServerConnection? _connection;
    private int _isDisposed;

    /// <summary>A probe of the server at <paramref name="address"/>; nothing is sent yet.</summary>
    /// <param name="address"><c>tls://HOST:PORT</c>, <c>tcp://HOST:PORT</c>, <c>wss://HOST/PATH</c>, <c>ws://HOST/PATH</c> or <c>unix:///PATH</c>.</param>
    /// <param name="options">Timeouts; null for the defaults.</param>
    /// <param name="time">The clock; null for that of the system.</param>
    /// <exception cref="EndpointException">The address cannot be used.</exception>
    /// <exception cref="SecurityFileException">A file with certificates cannot be used.</exception>
    /// <exception cref="ArgumentException">An option cannot be used; the message names it.</exception>
    public ServerProbe(Uri address, TransportOptions? options = null, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(address);
        options ??= new();
        options.Validate(nameof(options));
        _link = new(address, CodecRegistry.Default, options, time ?? TimeProvider.System);
    }

    /// <summary>Names of the codecs of SplitInfer that the server accepts; empty before the first ping.</summary>
    public ImmutableArray<string> AcceptedCodecs => _connection?.Terms?.CodecNames ?? [];

    /// <summary>Connects where that is due, then measures the time of the smallest message to the server and back.</summary>
    /// <exception cref="ServerUnreachableException">No connection could be made, or it was lost.</exception>
    /// <exception cref="ProtocolException">The other end does not speak the protocol.</exception>
    /// <exception cref="ObjectDisposedException">The probe was disposed.</exception>
    public async ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed) != 0, this);
        return await _link.PingAsync(async stop => _connection = await _link.WelcomedAsync().WaitAsync(stop).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Closes the connection; pings in flight fail.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0) await _link.DisposeAsync().ConfigureAwait(false);
    }
}
