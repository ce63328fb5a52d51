using SplitInfer.Client.Transport;
using SplitInfer.Codecs;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>A transport of one scheme, and bare sockets beside it.</summary>
internal sealed class TransportLane : IAsyncDisposable
{
    private static readonly ITensorCodec Raw = CodecRegistry.Default.All.First(static codec => codec.IsIdentity);

    private readonly string _scheme;
    private readonly TimeProvider _time;
    private readonly RemoteTailTransport _transport;
    private readonly BareRoundTrip _bare;
    private readonly TensorValue _boundary;
    private readonly TailRequest _request;
    private readonly List<double> _ours = [];
    private readonly List<double> _theirs = [];

    private TransportLane(Uri address, PartitionPlan plan, TransportOptions options, BareRoundTrip bare, int bytes, TimeProvider time)
    {
        (_scheme, _time, _bare) = (address.Scheme, time, bare);
        _transport = new(address, "stub", "", plan, CodecRegistry.Default, options, time);
        _boundary = TensorValue.Allocate(ElementType.UInt8, new(bytes));
        new Random(1).NextBytes(_boundary.Bytes.Span);
        _request = new() { Partition = plan.AllOnServer, Codec = Raw, SymbolSizes = [], Boundary = new[] { _boundary } };
    }

    /// <summary>Connects the sockets.</summary>
    /// <param name="address">The server.</param>
    /// <param name="plan">The plan of its model.</param>
    /// <param name="certificate">The server's certificate.</param>
    /// <param name="bytes">Bytes of the boundary.</param>
    /// <param name="time">The clock.</param>
    public static async Task<TransportLane> StartAsync(Uri address, PartitionPlan plan, BenchmarkCertificate certificate, int bytes, TimeProvider time)
    {
        var bare = await BareRoundTrip.StartAsync(address.Scheme == "unix", address.Scheme is "tls" or "wss" ? certificate : null, bytes, TransportBenchmark.ReplyBytes).ConfigureAwait(false);
        return new(address, plan, new() { Security = { CaFile = certificate.File } }, bare, bytes, time);
    }

    /// <summary>Makes one round trip of each kind.</summary>
    /// <param name="isKept">Whether they count.</param>
    public async Task GoAsync(bool isKept)
    {
        var began = _time.GetTimestamp();
        await SendAsync().ConfigureAwait(false);
        var middle = _time.GetTimestamp();
        await _bare.GoAsync(_boundary.Bytes).ConfigureAwait(false);
        var ended = _time.GetTimestamp();
        if (!isKept) return;
        _ours.Add(_time.GetElapsedTime(began, middle).TotalMicroseconds);
        _theirs.Add(_time.GetElapsedTime(middle, ended).TotalMicroseconds);
    }

    /// <summary>Makes one round trip over the protocol.</summary>
    public async ValueTask SendAsync() => (await _transport.SendAsync(_request).ConfigureAwait(false)).Dispose();

    /// <summary>What was measured.</summary>
    public TransportRow RowOf(long allocatedBytes)
    {
        var (ours, theirs) = (Median.Of(_ours), Median.Of(_theirs));
        return new(_scheme, _boundary.Bytes.Length, ours, theirs, ours / theirs, allocatedBytes);
    }

    public async ValueTask DisposeAsync()
    {
        await _transport.DisposeAsync().ConfigureAwait(false);
        _bare.Dispose();
        _boundary.Dispose();
    }
}
