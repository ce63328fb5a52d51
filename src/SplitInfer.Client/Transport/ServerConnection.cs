using System.Diagnostics.CodeAnalysis;
using SplitInfer.Codecs;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;

namespace SplitInfer.Client.Transport;

/// <summary>One connection, which carries requests for several models. Sends as many at a time as the server takes.</summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "A disposed semaphore leaves its waiters waiting for ever; it holds no handle. The watch ends with the reader.")]
internal sealed class ServerConnection
{
    // After a failure to send, what the server said before it left may still be on its way here.
    private static readonly TimeSpan LastWordsTime = TimeSpan.FromSeconds(1);

    private readonly FrameConnection _connection;
    private readonly string _address;
    private readonly CodecRegistry _codecs;
    private readonly TransportOptions _options;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _credits = new(0);
    private readonly TaskCompletionSource _welcomed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ReplyTable _owed;
    private readonly Task _reading;
    private readonly Lock _gate = new();
    private readonly Stack<ServerCall> _resting = [];
    private volatile ConnectionTerms? _terms;
    private ProgressWatch? _watch;
    private Exception? _end;
    private int _inFlight;
    private bool _isLeaving;

    /// <summary>Takes over <paramref name="connection"/>, says hello and starts to read. Models may be opened at once, behind the hello.</summary>
    public ServerConnection(FrameConnection connection, string address, CodecRegistry codecs, TransportOptions options, TimeProvider time)
    {
        (_connection, _address, _codecs, _options, _time) = (connection, address, codecs, options, time);
        _owed = new(this, options.OutputSizes, time);
        using (ExecutionContext.SuppressFlow()) _reading = Task.Run(ReadAsync);
        Post(new HeaderOnlyMessage(FrameType.Hello, 0, ConnectionTerms.HelloOf(codecs)));
    }

    /// <summary>What the handshake settled; null until it is done.</summary>
    public ConnectionTerms? Terms => _terms;

    /// <summary>Done once the server has welcomed the client, or the connection has ended. Never fails.</summary>
    public Task Welcomed => _welcomed.Task;

    /// <summary>How busy the server last said it was.</summary>
    public RemoteLoad Load => _owed.Load;

    /// <summary>Whether it takes new requests.</summary>
    public bool IsOpen => !Volatile.Read(ref _isLeaving) && Volatile.Read(ref _end) is null && _connection.Failure is null;

    /// <summary>Where messages go out.</summary>
    public FrameWriter Writer => _connection.Writer;

    /// <summary>Opens a model.</summary>
    public ModelOpening Open(RemoteModel model)
    {
        lock (_gate) _inFlight++;
        var opening = new ModelOpening(this, model);
        _ = SendAsync(opening);
        return opening;
    }

    /// <summary>Closes a model. Requests that are in flight end.</summary>
    public void Close(uint handle)
    {
        _owed.Forget(handle);
        if (IsOpen) Post(new HeaderOnlyMessage(FrameType.CloseModel, handle));
    }

    /// <summary>Sends a request once the server has room for it.</summary>
    /// <param name="request">What to send.</param>
    /// <param name="model">A model that is open here.</param>
    /// <param name="cancellationToken">Withdraws the request.</param>
    /// <exception cref="TailRefusedException">Among others with <see cref="RefusalCode.ModelClosed"/> where the connection takes no new requests.</exception>
    public ValueTask<TailReply> SendAsync(TailRequest request, OpenedModel model, CancellationToken cancellationToken)
    {
        var codec = _terms!.CodecOf(request);
        return _credits.Wait(0, CancellationToken.None)
            ? Begin(request, model, codec, cancellationToken)
            : WaitAndSendAsync(request, model, codec, cancellationToken);
    }

    /// <summary>Measures the time to the server and back.</summary>
    public async ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken)
    {
        var ping = TryPing() ?? throw Lost();
        return await ping.RoundTrip.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes no new requests, lets what is in flight end, and closes.</summary>
    public void Leave()
    {
        lock (_gate)
        {
            _isLeaving = true;
            if (_inFlight > 0) return;
        }

        _connection.Dispose();
    }

    /// <summary>Closes at once; what is in flight fails.</summary>
    /// <returns>Done when all have been told.</returns>
    public Task AbortAsync(Exception reason)
    {
        _connection.Abort(reason);
        return _reading;
    }

    /// <summary>The server agrees to talk.</summary>
    public void BeWelcomed(Welcome welcome)
    {
        var terms = ConnectionTerms.Read(welcome, _codecs, _address);
        _watch = new(_connection, _owed, TryPing, _options.NoProgressTimeout, _time);
        _terms = terms;
        _credits.Release(terms.MaxInFlight);
        _welcomed.TrySetResult();
    }

    /// <summary>Gives a call its number, as its first frame leaves.</summary>
    /// <exception cref="IOException">The connection has ended.</exception>
    public ulong Register(ServerCall call) => _owed.Add(call);

    /// <summary>Gives a model its handle, as the message leaves that opens it.</summary>
    /// <exception cref="IOException">The connection has ended.</exception>
    public uint Register(ModelOpening opening) => _owed.Add(opening);

    /// <summary>Sends a message that no one waits for.</summary>
    public void Post(IOutgoingMessage message) => _ = PostAsync(message);

    /// <summary>Ends the connection over a failure to send, unless the server has said by now what is wrong.</summary>
    /// <returns>What a caller is told.</returns>
    public async Task<Exception> LoseAsync(Exception failure)
    {
        await Task.WhenAny(_reading, Task.Delay(LastWordsTime, _time)).ConfigureAwait(false);
        await AbortAsync(failure).ConfigureAwait(false);
        return Lost();
    }

    /// <summary>A request is not in flight any more, so another may be.</summary>
    public void EndFlight()
    {
        _credits.Release();
        EndOpening();
    }

    /// <summary>The server has answered about a model.</summary>
    public void EndOpening()
    {
        bool isLast;
        lock (_gate) isLast = --_inFlight == 0 && _isLeaving;
        if (isLast) _connection.Dispose();
    }

    /// <summary>Keeps a call for another request.</summary>
    public void Rest(ServerCall call)
    {
        lock (_gate) _resting.Push(call);
    }

    private async ValueTask<TailReply> WaitAndSendAsync(TailRequest request, OpenedModel model, int codec, CancellationToken cancellationToken)
    {
        await _credits.WaitAsync(cancellationToken).ConfigureAwait(false);
        return await Begin(request, model, codec, cancellationToken).ConfigureAwait(false);
    }

    private ValueTask<TailReply> Begin(TailRequest request, OpenedModel model, int codec, CancellationToken cancellationToken)
    {
        ServerCall? call = null;
        lock (_gate)
        {
            if (!_isLeaving)
            {
                if (_end is not null) throw Lost();
                _inFlight++;
                if (!_resting.TryPop(out call)) call = new(this, _time);
            }
        }

        if (call is not null) return call.Begin(request, model, codec, cancellationToken);
        _credits.Release();
        throw new TailRefusedException(RefusalCode.ModelClosed, $"The server at {_address} takes no new requests on this connection. Send the request again, which connects anew.");
    }

    private async Task ReadAsync()
    {
        Exception end;
        try
        {
            await _connection.RunAsync(_owed).ConfigureAwait(false);
            end = new IOException("The server closed it.");
        }
        catch (Exception exception)
        {
            end = exception;
        }

        lock (_gate) _end = end;
        _connection.Dispose();
        _watch?.Dispose();
        _owed.Close(Lost);
        _welcomed.TrySetResult();
        // Those who wait for a credit find out that there is no one to give it.
        _credits.Release(int.MaxValue / 2);
    }

    private PingMessage? TryPing()
    {
        PingMessage ping;
        try
        {
            ping = _owed.AddPing();
        }
        catch (IOException)
        {
            return null;
        }

        Post(ping);
        return ping;
    }

    private async Task SendAsync(ModelOpening opening)
    {
        try
        {
            await Writer.SendAsync(opening).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            opening.Fail(await LoseAsync(exception).ConfigureAwait(false));
        }
    }

    private async Task PostAsync(IOutgoingMessage message)
    {
        try
        {
            await Writer.SendAsync(message).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            await LoseAsync(exception).ConfigureAwait(false);
        }
    }

    private Exception Lost() => _terms is null ? ConnectionLoss.NeverMade(_address, _end!) : ConnectionLoss.Ended(_address, _end!);
}
