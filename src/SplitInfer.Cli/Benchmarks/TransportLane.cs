using SplitInfer.Tensors;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>One way to a server, which it owns, and bare sockets beside it.</summary>
/// <param name="carrier">The way to the server.</param>
/// <param name="bare">Bare sockets with as many bytes.</param>
/// <param name="boundary">What is sent; stays the caller's.</param>
/// <param name="time">The clock.</param>
internal sealed class TransportLane(ITransportCarrier carrier, BareRoundTrip bare, TensorValue boundary, TimeProvider time) : IAsyncDisposable
{
    private readonly List<double> _ours = [];
    private readonly List<double> _theirs = [];

    /// <summary>Makes one round trip of each kind.</summary>
    /// <param name="isKept">Whether they count.</param>
    public async Task GoAsync(bool isKept)
    {
        var began = time.GetTimestamp();
        await SendAsync().ConfigureAwait(false);
        var middle = time.GetTimestamp();
        await bare.GoAsync(boundary.Bytes).ConfigureAwait(false);
        var ended = time.GetTimestamp();
        if (!isKept) return;
        _ours.Add(time.GetElapsedTime(began, middle).TotalMicroseconds);
        _theirs.Add(time.GetElapsedTime(middle, ended).TotalMicroseconds);
    }

    /// <summary>Makes one round trip over the protocol.</summary>
    public ValueTask SendAsync() => carrier.SendAsync();

    /// <summary>What was measured.</summary>
    public TransportRow RowOf(long allocatedBytes)
    {
        var (ours, theirs) = (Median.Of(_ours), Median.Of(_theirs));
        return new(carrier.Scheme, boundary.ByteLength, ours, theirs, ours / theirs, allocatedBytes);
    }

    public async ValueTask DisposeAsync()
    {
        await carrier.DisposeAsync().ConfigureAwait(false);
        bare.Dispose();
    }
}
