using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using SplitInfer.Codecs;
using SplitInfer.Partitioning;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Endpoints;

namespace SplitInfer.Client.Transport;

/// <summary>
/// Sends the boundaries of one model to a server, over a link that other models may share. Opens the model when a request needs it, and anew
/// when the connection was lost or the server has closed the model. Safe for concurrent use.
/// </summary>
public sealed class RemoteTailTransport : ITailTransport
{
    private readonly ServerLink _link;
    private readonly RemoteModel _model;
    private readonly Lock _gate = new();
    private Task<OpenedModel>? _opened;
    private bool _isDisposed;

    /// <summary>A transport with a link of its own to the server at <paramref name="address"/>; nothing is sent yet.</summary>
    /// <param name="address"><c>tcp://HOST:PORT</c> or <c>unix:///PATH</c>.</param>
    /// <param name="model">Name of the model in the server's repository.</param>
    /// <param name="version">Its version; empty asks for the latest.</param>
    /// <param name="plan">The client's plan of the same model.</param>
    /// <param name="codecs">The codecs that the client knows.</param>
    /// <param name="options">Timeouts and limits.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="EndpointException">The address cannot be used.</exception>
    public RemoteTailTransport(Uri address, string model, string version, PartitionPlan plan, CodecRegistry codecs, TransportOptions options, TimeProvider time)
        : this(new ServerLink(address, codecs, options, time), new RemoteModel(model, version, plan))
    {
    }

    /// <summary>A transport over a link that may have other users.</summary>
    /// <param name="link">The link; the transport takes over one reference.</param>
    /// <param name="model">The model.</param>
    internal RemoteTailTransport(ServerLink link, RemoteModel model) => (_link, _model) = (link, model);

    /// <inheritdoc/>
    public TransportCapabilities Capabilities => TransportCapabilities.Ping;

    /// <inheritdoc/>
    public ImmutableArray<string> AcceptedCodecs =>
        Volatile.Read(ref _opened) is { IsCompletedSuccessfully: true } opened ? opened.Result.Connection.Terms!.CodecNames : [];

    /// <inheritdoc/>
    public ImmutableArray<double> TailSeconds => Volatile.Read(ref _opened) is { IsCompletedSuccessfully: true } opened ? opened.Result.TailSeconds : [];

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<TailReply> SendAsync(TailRequest request, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var model = await OpenAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await model.Connection.SendAsync(request, model, cancellationToken).ConfigureAwait(false);
        }
        catch (TailRefusedException refused) when (refused.Code == RefusalCode.ModelClosed)
        {
            // The server has closed the model, or drains the connection. Once is nobody's fault.
            model.MarkClosed();
        }

        model = await OpenAsync(cancellationToken).ConfigureAwait(false);
        return await model.Connection.SendAsync(request, model, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default)
    {
        var model = await OpenAsync(cancellationToken).ConfigureAwait(false);
        return await model.Connection.PingAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Closes the model; requests under way end. Where no other transport uses the link, closes the connection; requests in flight fail.</summary>
    public async ValueTask DisposeAsync()
    {
        Task<OpenedModel>? opened;
        lock (_gate)
        {
            if (_isDisposed) return;
            (_isDisposed, opened) = (true, _opened);
        }

        if (!await _link.ReleaseAsync().ConfigureAwait(false) && opened is not null) await CloseAsync(opened).ConfigureAwait(false);
    }

    private static async Task CloseAsync(Task<OpenedModel> opened)
    {
        try
        {
            var model = await opened.ConfigureAwait(false);
            model.Connection.CloseModel(model.Handle);
        }
        catch (Exception exception) when (exception is SplitInferException or ObjectDisposedException)
        {
            // It was never open.
        }
    }

    private ValueTask<OpenedModel> OpenAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_opened is null or { IsFaulted: true } || (_opened.IsCompleted && !_opened.Result.IsUsable))
                using (ExecutionContext.SuppressFlow()) _opened = Task.Run(() => _link.OpenAsync(_model));
            return _opened.IsCompletedSuccessfully ? new(_opened.Result) : new(_opened.WaitAsync(cancellationToken));
        }
    }
}
