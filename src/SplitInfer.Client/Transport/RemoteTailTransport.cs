using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using SplitInfer.Codecs;
using SplitInfer.Partitioning;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Endpoints;

namespace SplitInfer.Client.Transport;

/// <summary>
/// Sends the boundaries of one model to a server, over a link that other models may share. Opens the model when a request needs it, and anew
/// when the connection was lost or the server has closed the model. A request whose connection is lost before anything of the reply has come is
/// sent once more over another, around which go the strategies of <see cref="TransportOptions.Resilience"/>. Safe for concurrent use.
/// </summary>
public sealed class RemoteTailTransport : ITailTransport
{
    private readonly ServerLink _link;
    private readonly RemoteModel _model;
    private readonly TimeProvider _time;
    private readonly ServerPipeline _pipeline;
    private readonly bool _isOfFamily;
    private readonly Lock _gate = new();
    private Task<OpenedModel>? _opened;
    private long _openingBegan;
    private bool _isDisposed;

    /// <summary>A transport with a link of its own to the server at <paramref name="address"/>; nothing is sent yet.</summary>
    /// <param name="address"><c>tls://HOST:PORT</c>, <c>tcp://HOST:PORT</c>, <c>wss://HOST/PATH</c>, <c>ws://HOST/PATH</c> or <c>unix:///PATH</c>.</param>
    /// <param name="model">Name of the model in the server's repository.</param>
    /// <param name="version">Its version; empty asks for the latest.</param>
    /// <param name="plan">The client's plan of the same model.</param>
    /// <param name="codecs">The codecs that the client knows.</param>
    /// <param name="options">Timeouts and limits.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="EndpointException">The address cannot be used.</exception>
    /// <exception cref="SecurityFileException">A file with certificates cannot be used.</exception>
    public RemoteTailTransport(Uri address, string model, string version, PartitionPlan plan, CodecRegistry codecs, TransportOptions options, TimeProvider time)
        : this(new ServerLink(address, codecs, options, time), new RemoteModel(model, version, plan),
            new ServerPipeline(address.ToString(), options.Resilience, new(RandomNumberGenerator.GetInt32(int.MaxValue)), time))
    {
    }

    /// <summary>A transport over a link that may have other users.</summary>
    /// <param name="link">The link; the transport takes over one reference.</param>
    /// <param name="model">The model.</param>
    /// <param name="pipeline">What happens where the server fails a request; null for the client's one retry, at once.</param>
    /// <param name="isOfFamily">Whether the model is one of several of which the server may lack this one, so that its absence says nothing of the server.</param>
    internal RemoteTailTransport(ServerLink link, RemoteModel model, ServerPipeline? pipeline = null, bool isOfFamily = false) =>
        (_link, _model, _time, _pipeline, _isOfFamily) = (link, model, link.Time, pipeline ?? new("server", configure: null, jitter: null, link.Time), isOfFamily);

    /// <inheritdoc/>
    public TransportCapabilities Capabilities => TransportCapabilities.Ping | TransportCapabilities.Silence | TransportCapabilities.SendProgress;

    /// <inheritdoc/>
    public TimeSpan Silence => Volatile.Read(ref _opened) switch
    {
        null or { IsFaulted: true } => TimeSpan.Zero,
        { IsCompleted: false } => _time.GetElapsedTime(Volatile.Read(ref _openingBegan)),
        var opened => opened.Result.Connection.Silence,
    };

    /// <inheritdoc/>
    public ImmutableArray<string> AcceptedCodecs =>
        Volatile.Read(ref _opened) is { IsCompletedSuccessfully: true } opened ? opened.Result.Connection.Terms!.CodecNames : [];

    /// <inheritdoc/>
    public int? MaxInFlight => Volatile.Read(ref _opened) is { IsCompletedSuccessfully: true } opened ? opened.Result.Connection.Terms?.MaxInFlight : null;

    /// <inheritdoc/>
    public ImmutableArray<double> TailSeconds => Volatile.Read(ref _opened) is { IsCompletedSuccessfully: true } opened ? opened.Result.TailSeconds : [];

    /// <inheritdoc/>
    public ValueTask<TailReply> SendAsync(TailRequest request, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return _pipeline.ExecuteAsync(static (self, request, stop) => self.SendOnceAsync(request, stop), this, request, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default) => _isOfFamily
        ? _link.PingAsync(async stop => await _link.WelcomedAsync().WaitAsync(stop).ConfigureAwait(false), cancellationToken)
        : _link.PingAsync(async stop => (await OpenAsync(stop).ConfigureAwait(false)).Connection, cancellationToken);

    /// <summary>How many connections to the server were made so far.</summary>
    internal int Connections => _link.Connections;

    /// <summary>Closes the model; requests under way end. Where no other transport uses the link, closes the connection; requests in flight fail.</summary>
    public async ValueTask DisposeAsync()
    {
        Task<OpenedModel>? opened;
        lock (_gate)
        {
            if (_isDisposed) return;
            (_isDisposed, opened) = (true, _opened);
        }

        if (!await _link.ReleaseAsync().ConfigureAwait(false) && opened is not null) await ServerLink.CloseAsync(opened).ConfigureAwait(false);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<TailReply> SendOnceAsync(TailRequest request, CancellationToken cancellationToken)
    {
        var model = await OpenAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await model.Connection.SendAsync(request, model, cancellationToken).ConfigureAwait(false);
        }
        catch (TailRefusedException refused) when (refused.Code == RefusalCode.ModelClosed)
        {
            model.MarkClosed();
            throw;
        }
        catch (ServerUnreachableException lost) when (lost.IsSilence && !_link.HasOther(model.Connection))
        {
            // Where the server was silent and answers nowhere else, another wait would end as this one did.
            lost.MayBeRepeated = false;
            throw;
        }
    }

    /// <summary>The open model; asks for it where it is not open, or was refused before.</summary>
    internal ValueTask<OpenedModel> OpenAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_opened is null or { IsFaulted: true } || (_opened.IsCompleted && !_opened.Result.IsUsable))
            {
                Volatile.Write(ref _openingBegan, _time.GetTimestamp());
                using (ExecutionContext.SuppressFlow()) Volatile.Write(ref _opened, Task.Run(() => _link.OpenAsync(_model)));
            }

            return _opened.IsCompletedSuccessfully ? new(_opened.Result) : new(_opened.WaitAsync(cancellationToken));
        }
    }
}
