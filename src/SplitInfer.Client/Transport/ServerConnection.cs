using System.Diagnostics.CodeAnalysis;
using SplitInfer.Protocol;

namespace SplitInfer.Client.Transport;

/// <summary>One connection whose handshake is done. Sends requests, as many at a time as the server takes.</summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "A disposed semaphore leaves its waiters waiting for ever; it holds no handle.")]
internal sealed class ServerConnection
{
    // After a failure to send, what the server said before it left may still be on its way here.
    private static readonly TimeSpan LastWordsTime = TimeSpan.FromSeconds(1);

    private readonly FrameConnection _connection;
    private readonly ServerTerms _terms;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _credits;
    private readonly ReplyTable _owed;
    private readonly Task _reading;
    private readonly Lock _gate = new();
    private readonly Stack<ServerCall> _resting = [];
    private Exception? _end;
    private int _inFlight;
    private bool _isLeaving;

    /// <summary>Takes over <paramref name="connection"/> and starts to read.</summary>
    public ServerConnection(FrameConnection connection, ServerTerms terms, TransportOptions options, TimeProvider time)
    {
        (_connection, _terms, _time) = (connection, terms, time);
        _credits = new(terms.MaxInFlight);
        _owed = new(connection, terms, options.OutputSizes, Leave);
        using (ExecutionContext.SuppressFlow()) _reading = Task.Run(ReadAsync);
    }

    /// <summary>What the handshake settled.</summary>
    public ServerTerms Terms => _terms;

    /// <summary>Whether it takes new requests.</summary>
    public bool IsOpen => !Volatile.Read(ref _isLeaving) && Volatile.Read(ref _end) is null && _connection.Failure is null;

    /// <summary>Where messages go out.</summary>
    public FrameWriter Writer => _connection.Writer;

    /// <summary>Sends a request once the server has room for it.</summary>
    public ValueTask<TailReply> SendAsync(TailRequest request, CancellationToken cancellationToken)
    {
        var codec = _terms.CodecOf(request);
        return _credits.Wait(0, CancellationToken.None)
            ? Begin(request, codec, cancellationToken)
            : WaitAndSendAsync(request, codec, cancellationToken);
    }

    /// <summary>Measures the time to the server and back.</summary>
    public async ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken)
    {
        PingMessage ping;
        try
        {
            ping = _owed.AddPing(_time);
        }
        catch (IOException)
        {
            throw Lost();
        }

        Post(ping);
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

    /// <summary>Gives a call its number, as its first frame leaves.</summary>
    /// <exception cref="IOException">The connection has ended.</exception>
    public ulong Register(ServerCall call) => _owed.Add(call);

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
        bool isLast;
        lock (_gate) isLast = --_inFlight == 0 && _isLeaving;
        _credits.Release();
        if (isLast) _connection.Dispose();
    }

    /// <summary>Keeps a call for another request.</summary>
    public void Rest(ServerCall call)
    {
        lock (_gate) _resting.Push(call);
    }

    private async ValueTask<TailReply> WaitAndSendAsync(TailRequest request, int codec, CancellationToken cancellationToken)
    {
        await _credits.WaitAsync(cancellationToken).ConfigureAwait(false);
        return await Begin(request, codec, cancellationToken).ConfigureAwait(false);
    }

    private ValueTask<TailReply> Begin(TailRequest request, int codec, CancellationToken cancellationToken)
    {
        ServerCall? call;
        lock (_gate)
        {
            if (_end is not null) throw Lost();
            _inFlight++;
            if (!_resting.TryPop(out call)) call = new(this, _time);
        }

        return call.Begin(request, codec, cancellationToken);
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
        _owed.Close(Lost);
        // Those who wait for a credit find out that there is no one to give it.
        _credits.Release(int.MaxValue / 2);
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

    // Each caller is told by an exception of its own, since a stack trace belongs to one.
    private Exception Lost() => _terms.Lost(_end!);
}
