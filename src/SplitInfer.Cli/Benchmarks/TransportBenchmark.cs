using System.Runtime;
using SplitInfer.AspNetCore;
using SplitInfer.Execution;
using SplitInfer.Server;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>
/// The round trip of a boundary over the protocol, and over the Open Inference Protocol, beside that of as many bytes over bare sockets, for every scheme, all taken in turn in one run.
/// Both ends are in this process; the tail is a stub that answers at once.
/// </summary>
internal sealed class TransportBenchmark(TimeProvider time)
{
    /// <summary>Bytes of the reply, on either side.</summary>
    public const int ReplyBytes = 256;

    // The compiler makes its best of code that has run for a while, and on a busy machine that takes long: until then both sides are several times as slow.
    private static readonly TimeSpan LeastWarmUp = TimeSpan.FromSeconds(2), LongestWarmUp = TimeSpan.FromSeconds(30), Quiet = TimeSpan.FromSeconds(1);

    // Fewer rounds tell nothing anyway.
    private const int FewestWarm = 20;

    // Other parts of the process compile something now and then.
    private const int FewMethods = 8;

    // The fewest of several batches are those of requests alone: the process also does other things now and then.
    private const int AllocationBatches = 5, AllocationRequests = 100;

    /// <summary>The boundaries that are measured, in bytes.</summary>
    public static IReadOnlyList<int> Sizes { get; } = [256, 64 << 10, 1 << 20, 3_200_000];

    /// <summary>The schemes of the protocol that are measured.</summary>
    public static IReadOnlyList<string> Schemes { get; } = ["tcp", "unix", "tls", "ws", "wss"];

    /// <summary>Measures every size over every scheme.</summary>
    /// <param name="rounds">Round trips of each kind for each size.</param>
    /// <param name="cancellationToken">Stops between two sizes.</param>
    public async IAsyncEnumerable<TransportRow> RunAsync(int rounds, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var certificate = new BenchmarkCertificate(time);
        foreach (var bytes in Sizes)
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (var row in await MeasureAsync(certificate, bytes, rounds).ConfigureAwait(false)) yield return row;
        }
    }

    private async Task<IReadOnlyList<TransportRow>> MeasureAsync(BenchmarkCertificate certificate, int bytes, int rounds)
    {
        var (model, stub) = (TransportModel.Load(bytes), new ExecutionOptions { WrapRunner = static segment => new InstantRunner(segment) });
        var options = new SplitInferServerOptions
        {
            Models = { new("stub", "1", model) },
            Execution = stub,
            Security = { CertificateFile = certificate.File, CertificateKeyFile = certificate.File },
            Http = new("http://127.0.0.1:0"),
            Grpc = new("http://127.0.0.1:0"),
        }.UseKestrel();
        foreach (var scheme in Schemes)
            options.Listen.Add(new(scheme == "unix" ? $"unix://{Path.Combine(Path.GetTempPath(), Path.GetRandomFileName())}" : $"{scheme}://127.0.0.1:0"));
        await using var server = await SplitInferServer.StartAsync(options).ConfigureAwait(false);
        using var boundary = TensorValue.Allocate(ElementType.UInt8, new(bytes));
        new Random(1).NextBytes(boundary.Bytes.Span);
        var lanes = new List<TransportLane>();
        try
        {
            foreach (var address in server.Endpoints)
                lanes.Add(await BesideBareAsync(new FrameCarrier(address, model.Plan, new() { Security = { CaFile = certificate.File } }, boundary, time), address.Scheme).ConfigureAwait(false));
            lanes.Add(await BesideBareAsync(new OpenInferenceCarrier(server.HttpEndpoint!, boundary), "tcp").ConfigureAwait(false));
            lanes.Add(await BesideBareAsync(new GrpcCarrier(server.GrpcEndpoint!, boundary), "tcp").ConfigureAwait(false));
            if (rounds >= FewestWarm) await WarmUpAsync(lanes).ConfigureAwait(false);
            for (var round = 0; round < rounds; round++)
                foreach (var lane in lanes) await lane.GoAsync(isKept: true).ConfigureAwait(false);

            var rows = new List<TransportRow>();
            foreach (var lane in lanes) rows.Add(lane.RowOf(await AllocatedAsync(lane).ConfigureAwait(false)));
            return rows;
        }
        finally
        {
            foreach (var lane in lanes) await lane.DisposeAsync().ConfigureAwait(false);
        }

        async Task<TransportLane> BesideBareAsync(ITransportCarrier carrier, string scheme) =>
            new(carrier, await BareRoundTrip.StartAsync(scheme == "unix", scheme is "tls" or "wss" ? certificate : null, bytes, ReplyBytes).ConfigureAwait(false), boundary, time);
    }

    /// <summary>Makes round trips until the compiler has hardly anything left to do.</summary>
    private async Task WarmUpAsync(List<TransportLane> lanes)
    {
        var start = time.GetTimestamp();
        var (quietSince, methods) = (start, JitInfo.GetCompiledMethodCount());
        while (time.GetElapsedTime(start) is var passed && passed < LongestWarmUp && (passed < LeastWarmUp || time.GetElapsedTime(quietSince) < Quiet))
        {
            foreach (var lane in lanes) await lane.GoAsync(isKept: false).ConfigureAwait(false);
            if (JitInfo.GetCompiledMethodCount() is var now && now - methods > FewMethods) (quietSince, methods) = (time.GetTimestamp(), now);
        }
    }

    private static async Task<long> AllocatedAsync(TransportLane lane)
    {
        var least = long.MaxValue;
        for (var batch = 0; batch < AllocationBatches; batch++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            for (var request = 0; request < AllocationRequests; request++) await lane.SendAsync().ConfigureAwait(false);
            least = Math.Min(least, (GC.GetTotalAllocatedBytes(precise: true) - before) / AllocationRequests);
        }

        return least;
    }
}
