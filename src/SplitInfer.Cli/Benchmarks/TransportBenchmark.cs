using SplitInfer.Client.Transport;
using SplitInfer.Codecs;
using SplitInfer.Execution;
using SplitInfer.Server;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>
/// The round trip of a boundary over the protocol beside that of as many bytes over bare sockets, taken in turn in one run.
/// Both ends are in this process; the tail is a stub that answers at once.
/// </summary>
internal sealed class TransportBenchmark(TimeProvider time)
{
    /// <summary>Bytes of the reply, on either side.</summary>
    public const int ReplyBytes = 256;

    private static readonly ITensorCodec Raw = CodecRegistry.Default.All.First(static codec => codec.IsIdentity);

    // Long enough for the compiler to have made its best of both sides.
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(2);

    /// <summary>The boundaries that are measured, in bytes.</summary>
    public static IReadOnlyList<int> Sizes { get; } = [256, 64 << 10, 1 << 20, 3_200_000];

    /// <summary>Measures every size over TCP and over a Unix socket.</summary>
    /// <param name="rounds">Round trips of each kind for each size.</param>
    /// <param name="cancellationToken">Stops between two sizes.</param>
    public async IAsyncEnumerable<TransportRow> RunAsync(int rounds, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        foreach (var address in new[] { new Uri("tcp://127.0.0.1:0"), new Uri($"unix://{path}") })
        {
            foreach (var bytes in Sizes)
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return await MeasureAsync(address, bytes, rounds).ConfigureAwait(false);
            }
        }
    }

    private async Task<TransportRow> MeasureAsync(Uri address, int bytes, int rounds)
    {
        var (model, stub) = (TransportModel.Load(bytes), new ExecutionOptions { WrapRunner = static segment => new InstantRunner(segment) });
        await using var server = await SplitInferServer.StartAsync(new() { Models = { new("stub", "1", model) }, Listen = { address }, Execution = stub }).ConfigureAwait(false);
        await using var transport = new RemoteTailTransport(server.Endpoints[0], "stub", "", model.Plan, CodecRegistry.Default, new(), time);
        using var bare = await BareRoundTrip.StartAsync(address.Scheme, bytes, ReplyBytes).ConfigureAwait(false);
        using var boundary = TensorValue.Allocate(ElementType.UInt8, new(bytes));
        new Random(1).NextBytes(boundary.Bytes.Span);
        var request = new TailRequest { Partition = model.Plan.AllOnServer, Codec = Raw, SymbolSizes = [], Boundary = new[] { boundary } };

        var (ours, theirs) = (new List<double>(rounds), new List<double>(rounds));
        var start = time.GetTimestamp();
        while (ours.Count < rounds)
        {
            var began = time.GetTimestamp();
            (await transport.SendAsync(request).ConfigureAwait(false)).Dispose();
            var middle = time.GetTimestamp();
            await bare.GoAsync(boundary.Bytes).ConfigureAwait(false);
            var ended = time.GetTimestamp();
            if (time.GetElapsedTime(start, began) < WarmUp) continue;
            ours.Add(time.GetElapsedTime(began, middle).TotalMicroseconds);
            theirs.Add(time.GetElapsedTime(middle, ended).TotalMicroseconds);
        }

        var (oursUs, bareUs) = (Median.Of(ours), Median.Of(theirs));
        return new(address.Scheme, bytes, oursUs, bareUs, oursUs / bareUs);
    }
}
