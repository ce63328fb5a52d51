using System.Runtime.CompilerServices;
using SplitInfer.Client.Transport;
using SplitInfer.Codecs;
using SplitInfer.Execution;
using SplitInfer.Partitioning;
using SplitInfer.Protocol;
using SplitInfer.Segments;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>
/// Loads two servers in turn, one that runs each request alone and one that may run several together, with connections each of which sends the next request as soon as it has the answer to the one before.
/// </summary>
/// <param name="model">The model.</param>
/// <param name="partition">The cut: requests are for what lies behind it.</param>
/// <param name="connections">How many there are.</param>
/// <param name="window">How long each server is loaded at a time.</param>
/// <param name="time">The clock.</param>
internal sealed class BatchBenchmark(PartitionedModel model, Partition partition, int connections, TimeSpan window, TimeProvider time) : IDisposable
{
    private const int Seed = 1, Rounds = 5;

    // In which a server prepares batches, or finds out that they do not pay.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    private static readonly ITensorCodec Raw = CodecRegistry.Default.All.First(static codec => codec.IsIdentity);

    private readonly TensorValue[] _boundary = MakeBoundary(model, partition);

    /// <summary>What both came to, once they have run.</summary>
    public BatchSummary? Summary { get; private set; }

    /// <summary>Loads both.</summary>
    /// <param name="alone">The server that runs each alone.</param>
    /// <param name="together">The one that may run several together.</param>
    /// <param name="maxBatch">How many.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async IAsyncEnumerable<BatchRow> RunAsync(Uri alone, Uri together, int maxBatch, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var (one, several) = (Connect(alone), Connect(together));
        try
        {
            await LoadAsync(one, Patience / 4, cancellationToken).ConfigureAwait(false);
            await LoadAsync(several, Patience, cancellationToken).ConfigureAwait(false);
            var (left, right) = (new List<double>(), new List<double>());
            for (var round = 0; round < Rounds; round++)
            {
                foreach (var (transports, size, rates) in new[] { (one, 1, left), (several, maxBatch, right) })
                {
                    var tally = await LoadAsync(transports, window, cancellationToken).ConfigureAwait(false);
                    rates.Add(tally.Completed / window.TotalSeconds);
                    yield return new(partition.Index, size, rates[^1], tally.DelayMs(0.5), tally.DelayMs(0.99));
                }
            }

            Summary = new(partition.Index, connections, maxBatch, Median.Of(left), Median.Of(right), Median.Of(left.Zip(right).Select(static pair => pair.Second / pair.First)));
        }
        finally
        {
            foreach (var transport in one.Concat(several)) await transport.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in _boundary) tensor.Dispose();
    }

    private static TensorValue[] MakeBoundary(PartitionedModel model, Partition partition)
    {
        TensorValue[] inputs = [.. model.MakeInputs(Seed)];
        if (partition == model.Plan.AllOnServer) return inputs;
        try
        {
            using var cut = LoadedCut.Load(model, partition.Index, new ExecutionOptions { IntraOpThreads = 1 });
            return cut.MakeBoundary(inputs);
        }
        finally
        {
            foreach (var input in inputs) input.Dispose();
        }
    }

    private RemoteTailTransport[] Connect(Uri server) =>
        [.. Enumerable.Range(0, connections).Select(_ => new RemoteTailTransport(server, "", "", model.Plan, CodecRegistry.Default, new TransportOptions(), time))];

    private async Task<LoadTally> LoadAsync(RemoteTailTransport[] transports, TimeSpan duration, CancellationToken cancellationToken)
    {
        var (tally, start) = (new LoadTally(), time.GetTimestamp());
        await Task.WhenAll(transports.Select(transport => Task.Run(async () =>
        {
            while (time.GetElapsedTime(start) < duration)
            {
                var sent = time.GetTimestamp();
                var request = new TailRequest { Partition = partition, Codec = Raw, SymbolSizes = [], Boundary = _boundary };
                try
                {
                    (await transport.SendAsync(request, cancellationToken).ConfigureAwait(false)).Dispose();
                    // One that ends after the window is of the next.
                    if (time.GetElapsedTime(start) <= duration) tally.AddCompleted(time.GetElapsedTime(start, sent).TotalSeconds, time.GetElapsedTime(sent).TotalMilliseconds);
                }
                catch (TailRefusedException refused) when (refused.Code is RefusalCode.Busy)
                {
                    await Task.Delay(refused.RetryAfter ?? TimeSpan.FromMilliseconds(1), time, cancellationToken).ConfigureAwait(false);
                }
            }
        }, cancellationToken))).ConfigureAwait(false);
        return tally;
    }
}
