using System.Diagnostics.CodeAnalysis;
using SplitInfer.Codecs;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;

namespace SplitInfer.Client.Transport;

/// <summary>One connection, which carries requests for several models, from its handshake to its end.</summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "The watch ends with the reader.")]
internal sealed class ServerConnection
{
    // After a failure to send, the error by which the server explains it may still be on its way here.
    private static readonly TimeSpan FinalErrorGrace = TimeSpan.FromSeconds(1);

    private readonly FrameConnection _connection;
    private readonly string _address;
    private readonly CodecRegistry _codecs;
    private readonly TransportOptions _options;
    private readonly TimeProvider _time;
    private readonly Action<ServerConnection> _onDoubt;
    private readonly TaskCompletionSource _welcomed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ReplyReader _reader;
    private readonly Task _reading;
    private volatile ConnectionTerms? _terms;
    private volatile Exception? _end;
    private ProgressWatch? _watch;

    /// <summary>Takes over <paramref name="connection"/>, says hello and starts to read. Models may be opened at once, behind the hello.</summary>
    /// <param name="connection">The channel.</param>
    /// <param name="address">The server's address, for messages.</param>
    /// <param name="codecs">The codecs that the client knows.</param>
    /// <param name="key">The key that the server knows the client by; empty for none.</param>
    /// <param name="options">Timeouts and limits.</param>
    /// <param name="onDoubt">Called now and then while the server owes something and shows no sign of life.</param>
    /// <param name="time">The clock.</param>
    public ServerConnection(FrameConnection connection, string address, CodecRegistry codecs, string key, TransportOptions options, Action<ServerConnection> onDoubt, TimeProvider time)
    {
        (_connection, _address, _codecs, _options, _onDoubt, _time) = (connection, address, codecs, options, onDoubt, time);
        Pending = new(time);
        _reader = new(this, Pending, options.OutputSizes);
        Slots = new(this, address, time);
        using (ExecutionContext.SuppressFlow()) _reading = Task.Run(ReadAsync);
        Post(new HeaderOnlyMessage(FrameType.Hello, 0, ConnectionTerms.HelloOf(codecs, key)));
    }

    /// <summary>What the handshake settled; null until it is done.</summary>
    public ConnectionTerms? Terms => _terms;

    /// <summary>Done once the server has welcomed the client, or the connection has ended. Never fails.</summary>
    public Task Welcomed => _welcomed.Task;

    /// <summary>Whether it has ended, so that nothing is in flight on it any more.</summary>
    public bool HasEnded => _end is not null;

    /// <summary>Whether it accepts new requests.</summary>
    public bool IsOpen => !IsRetired && !Slots.IsDraining && _end is null && _connection.Failure is null;

    /// <summary>Whether the server owes something and has shown no sign of life for a while.</summary>
    public bool IsInDoubt => Volatile.Read(ref _watch) is { IsInDoubt: true };

    /// <summary>Whether another connection took its place because it fell silent.</summary>
    public bool IsRetired => Fate.IsRetired;

    /// <summary>What became of it, for those who outlive it.</summary>
    public ConnectionFate Fate { get; } = new();

    /// <summary>For how long the server has owed something without a sign of life; zero where it owes nothing.</summary>
    public TimeSpan Silence
    {
        get
        {
            var since = Pending.PendingSince;
            if (since == PendingReplies.NothingPending) return TimeSpan.Zero;
            return _time.GetElapsedTime(Math.Max(since, Math.Max(_connection.Reader.ReceivedAt, _connection.Writer.RoomMadeAt)));
        }
    }

    /// <summary>What the server owes.</summary>
    public PendingReplies Pending { get; }

    /// <summary>What is in flight.</summary>
    public RequestSlots Slots { get; }

    /// <summary>Where messages go out.</summary>
    public FrameWriter Writer => _connection.Writer;

    /// <summary>Opens a model.</summary>
    public ModelOpening OpenModel(RemoteModel model)
    {
        Slots.BeginOpening();
        var opening = new ModelOpening(this, model);
        Pending.Expect(opening);
        // Either the retirement has found it, or it finds the retirement.
        if (IsRetired) opening.LetGo(CreateRetirementException());
        else Post(opening, opening.Fail);
        return opening;
    }

    /// <summary>Closes a model. Requests that are in flight end.</summary>
    public void CloseModel(uint handle)
    {
        Pending.RemoveOpened(handle);
        if (IsOpen) Post(new HeaderOnlyMessage(FrameType.CloseModel, handle));
    }

    /// <summary>Sends a request once the server has room for it.</summary>
    /// <param name="request">What to send.</param>
    /// <param name="model">A model that is open here.</param>
    /// <param name="cancellationToken">Withdraws the request.</param>
    /// <exception cref="TailRefusedException">Among others with <see cref="RefusalCode.ModelClosed"/> where the connection accepts no new requests.</exception>
    /// <exception cref="ArgumentException">The partition is of another plan.</exception>
    public ValueTask<TailReply> SendAsync(TailRequest request, OpenedModel model, CancellationToken cancellationToken)
    {
        // What is wrong with a request is found before it takes a slot.
        if (request.Partition.Index >= model.Layouts.Count) throw new ArgumentException($"The request is for partition {request.Partition.Index}, and the plan of this transport has {model.Layouts.Count}. Take the partition from that plan.", nameof(request));
        return Slots.SendAsync(request, model, _terms!.CodecOf(request), cancellationToken);
    }

    /// <summary>Measures the time to the server and back.</summary>
    public async ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken)
    {
        var ping = TryPing() ?? throw CreateLossException();
        if (IsRetired) ping.Fail(CreateRetirementException());
        return await ping.RoundTrip.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Takes nothing new, since another connection is used from now on. Whoever waits for a pong, for a model or for a request to leave asks there;
    /// requests of which something has left may still be answered here.
    /// </summary>
    public void Retire()
    {
        Fate.IsRetired = true;
        // Before the connection drains, which may end it, so that each is told of the silence rather than of the end.
        Pending.LetGo(CreateRetirementException);
        Slots.LetGo(CreateRetirementException);
        Slots.Drain();
        Slots.Close();
    }

    /// <summary>What callers are told that are to ask on the connection that took this one's place.</summary>
    public Exception CreateRetirementException() => CreateRetirementException(hasAnswerBegun: false);

    /// <summary>Closes at once; what is in flight fails.</summary>
    /// <returns>Done when all callers have been told.</returns>
    public Task AbortAsync(Exception reason)
    {
        _connection.Abort(reason);
        return _reading;
    }

    /// <summary>Closes, where nothing is in flight.</summary>
    public void Close() => _connection.Dispose();

    /// <summary>The server has answered the hello.</summary>
    /// <exception cref="ProtocolException">It chose something that was not offered.</exception>
    public void CompleteHandshake(Welcome welcome)
    {
        var terms = ConnectionTerms.Read(welcome, _codecs, _address);
        var watch = new ProgressWatch(_connection, Pending, TryPing, () => _onDoubt(this), _options.NoProgressTimeout, _time);
        Volatile.Write(ref _watch, watch);
        _terms = terms;
        Pending.Watch(watch.Run);
        Slots.Add(terms.MaxInFlight);
        _welcomed.TrySetResult();
    }

    /// <summary>Sends a message without waiting for that.</summary>
    /// <param name="message">The message.</param>
    /// <param name="onFailure">Called with what a caller is told where it cannot be sent.</param>
    public void Post(IOutgoingMessage message, Action<Exception>? onFailure = null) => _ = PostAsync(message, onFailure);

    /// <summary>Ends the connection after a failure to send, unless the server says soon what is wrong.</summary>
    /// <returns>What the caller is told.</returns>
    public async Task<Exception> EndAfterSendFailureAsync(Exception failure)
    {
        await Task.WhenAny(_reading, Task.Delay(FinalErrorGrace, _time)).ConfigureAwait(false);
        await AbortAsync(failure).ConfigureAwait(false);
        return CreateLossException();
    }

    /// <summary>Throws what callers are told of the end, once there is one.</summary>
    public void ThrowIfEnded()
    {
        if (_end is not null) throw CreateLossException();
    }

    private async Task ReadAsync()
    {
        Exception end;
        try
        {
            await _connection.RunAsync(_reader).ConfigureAwait(false);
            end = new EndOfStreamException("The server closed it.");
        }
        catch (Exception exception)
        {
            end = exception;
        }

        _end = end;
        _connection.Dispose();
        _watch?.Dispose();
        Pending.Close(CreateLossException);
        _welcomed.TrySetResult();
        Slots.Close();
    }

    private PingMessage? TryPing()
    {
        PingMessage ping;
        try
        {
            ping = Pending.AddPing();
        }
        catch (IOException)
        {
            return null;
        }

        Post(ping);
        return ping;
    }

    private async Task PostAsync(IOutgoingMessage message, Action<Exception>? onFailure)
    {
        try
        {
            await Writer.SendAsync(message).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            var loss = await EndAfterSendFailureAsync(exception).ConfigureAwait(false);
            onFailure?.Invoke(loss);
        }
    }

    // One that was retired was lost by its silence, whatever ended it later.
    private Exception CreateLossException(bool hasAnswerBegun = false) =>
        IsRetired ? CreateRetirementException(hasAnswerBegun)
        : _terms is null ? ConnectionLoss.NotConnected(_address, _end!)
        : ConnectionLoss.Lost(_address, _end!, hasAnswerBegun);

    private Exception CreateRetirementException(bool hasAnswerBegun) =>
        ConnectionLoss.Lost(_address, new TimeoutException("the server shows no sign of life on it, and answers on another"), hasAnswerBegun);
}
