using System.Collections.Immutable;
using System.Diagnostics;
using SplitInfer.Client.Transport;

namespace VideoStream.Simulated;

/// <summary>
/// Makes a fast transport as slow as a link with given conditions: holds every reply back for as long as that link would take. The
/// conditions can change while requests are on their way.
/// </summary>
/// <param name="inner">Carries the requests; owned.</param>
internal sealed class ShapedTransport(ITailTransport inner) : ITailTransport
{
    /// <summary>How often an upload looks at the bandwidth, s.</summary>
    private const double Step = 0.02;

    private readonly SemaphoreSlim _uplink = new(1);
    private LinkConditions _conditions = LinkConditions.Unlimited;

    public TransportCapabilities Capabilities => inner.Capabilities;

    public ImmutableArray<string> AcceptedCodecs => inner.AcceptedCodecs;

    public LinkConditions Conditions
    {
        get => Volatile.Read(ref _conditions);
        set => Volatile.Write(ref _conditions, value);
    }

    /// <summary>Goes through phases, one after the other; the last one's conditions stay.</summary>
    public async Task PlayAsync(IEnumerable<LinkPhase> phases, CancellationToken cancellationToken)
    {
        foreach (var phase in phases)
        {
            Conditions = phase.Conditions;
            await Task.Delay(phase.Duration, cancellationToken);
        }
    }

    public ImmutableArray<double> TailSeconds => inner.TailSeconds;

    public async ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default)
    {
        var start = Stopwatch.GetTimestamp();
        await inner.PingAsync(cancellationToken);
        await Task.Delay(Conditions.RoundTrip, cancellationToken);
        return Stopwatch.GetElapsedTime(start);
    }

    public async ValueTask<TailReply> SendAsync(TailRequest request, CancellationToken cancellationToken = default)
    {
        var reply = await inner.SendAsync(request, cancellationToken);
        try
        {
            await UploadAsync(request.Progress.BytesSent * 8, cancellationToken);
            await Task.Delay(Conditions.RoundTrip, cancellationToken);
            return reply;
        }
        catch
        {
            reply.Dispose();
            throw;
        }
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    // Requests share the bandwidth: they travel one after the other. One that is cancelled leaves the link to the next.
    private async Task UploadAsync(double bits, CancellationToken cancellationToken)
    {
        await _uplink.WaitAsync(cancellationToken);
        try
        {
            while (bits > 0 && Conditions.BitsPerSecond is var rate && double.IsFinite(rate))
            {
                var start = Stopwatch.GetTimestamp();
                // Timers count whole milliseconds.
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(1000 * Math.Min(bits / rate, Step))), cancellationToken);
                bits -= rate * Stopwatch.GetElapsedTime(start).TotalSeconds;
            }
        }
        finally
        {
            _uplink.Release();
        }
    }
}
