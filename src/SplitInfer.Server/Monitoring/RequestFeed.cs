using System.Collections.Immutable;
using System.Threading.Channels;

namespace SplitInfer.Server.Monitoring;

/// <summary>Passes requests that have ended on to those who watch. Where nobody watches it costs a comparison. Thread-safe.</summary>
internal sealed class RequestFeed
{
    private ImmutableArray<RequestSubscription> _subscriptions = [];

    /// <summary>Whether anybody watches.</summary>
    public bool IsWatched => !_subscriptions.IsEmpty;

    /// <summary>A request has ended. Never waits: one who does not keep up misses the oldest.</summary>
    public void Publish(in RequestActivity request)
    {
        foreach (var subscription in _subscriptions) subscription.Write(request);
    }

    /// <inheritdoc cref="SplitInferServer.Watch"/>
    public RequestSubscription Subscribe(int capacity)
    {
        var subscription = new RequestSubscription(capacity, Remove);
        ImmutableInterlocked.Update(ref _subscriptions, static (all, one) => all.Add(one), subscription);
        return subscription;
    }

    private void Remove(RequestSubscription subscription) => ImmutableInterlocked.Update(ref _subscriptions, static (all, one) => all.Remove(one), subscription);
}

/// <summary>The requests that end at a server, for one reader. Dispose it to watch no more.</summary>
public sealed class RequestSubscription : IDisposable
{
    private readonly Channel<RequestActivity> _channel;
    private readonly Action<RequestSubscription> _onDisposed;
    private long _missed;

    internal RequestSubscription(int capacity, Action<RequestSubscription> onDisposed)
    {
        _onDisposed = onDisposed;
        _channel = Channel.CreateBounded<RequestActivity>(
            new BoundedChannelOptions(capacity) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true, AllowSynchronousContinuations = false }, _ => Interlocked.Increment(ref _missed));
    }

    /// <summary>Where they are read, by one reader at a time.</summary>
    public ChannelReader<RequestActivity> Requests => _channel.Reader;

    /// <summary>Requests that were dropped because the reader did not keep up.</summary>
    public long Missed => Interlocked.Read(ref _missed);

    internal void Write(in RequestActivity request) => _channel.Writer.TryWrite(request);

    /// <summary>Ends the reader's wait. May be called twice.</summary>
    public void Dispose()
    {
        _onDisposed(this);
        _channel.Writer.TryComplete();
    }
}
