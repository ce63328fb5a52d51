using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using SplitInfer.Client.Transport;
using SplitInfer.Codecs;
using SplitInfer.Execution;
using SplitInfer.Partitioning;
using SplitInfer.Protocol;
using SplitInfer.Segments;
using SplitInfer.Server;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>
/// Loads two servers of this process in turn, one that runs each request alone and one that may run several together, over connections each of which sends the next request as soon as it has the
/// answer to the one before.
/// </summary>
/// <param name="model">The model.</param>
/// <param name="partition">The cut: requests are for what lies behind it.</param>
/// <param name="execution">How the servers run it.</param>
/// <param name="maxBatch">How many requests the second server may run together.</param>
/// <param name="connections">How many connections there are.</param>
/// <param name="window">How long each server is loaded at a time.</param>
/// <param name="time">The clock.</param>
internal sealed class BatchBenchmark(PartitionedModel model, Partition partition, ExecutionOptions execution, int maxBatch, int connections, TimeSpan window, TimeProvider time) : IDisposable
{
    private const int Seed = 1, Rounds = 9;

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(2), Patience = TimeSpan.FromMinutes(1);

    private readonly TensorValue[] _boundary = MakeBoundary(model, partition, execution);

    /// <summary>What both came to, once they have run.</summary>
    public BatchSummary? Summary { get; private set; }

    /// <summary>Loads both.</summary>
    public async IAsyncEnumerable<BatchRow> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var log = new BatchDecisionLog();
        await using var alone = await StartAsync(1, NullLoggerFactory.Instance, cancellationToken).ConfigureAwait(false);
        await using var together = await StartAsync(maxBatch, log, cancellationToken).ConfigureAwait(false);
        var (one, several) = (Connect(alone.Endpoints[0]), Connect(together.Endpoints[0]));
        try
        {
            await LoadAsync(one, WarmUp, cancellationToken).ConfigureAwait(false);
            var began = time.GetTimestamp();
            // Until the server has found out whether batches pay.
            do await LoadAsync(several, WarmUp, cancellationToken).ConfigureAwait(false);
            while (log.Decision is null && time.GetElapsedTime(began) < Patience);
            var (left, right) = (new List<double>(), new List<double>());
            for (var round = 0; round < Rounds; round++)
            {
                (RemoteTailTransport[], int, List<double>)[] order = [(one, 1, left), (several, maxBatch, right)];
                // What else the machine does comes and goes, and must not fall to one of them.
                if (round % 2 == 1) order.AsSpan().Reverse();
                foreach (var (transports, size, rates) in order)
                {
                    var tally = await LoadAsync(transports, window, cancellationToken).ConfigureAwait(false);
                    rates.Add(tally.Completed / window.TotalSeconds);
                    yield return new(partition.Index, size, rates[^1], tally.DelayMs(0.5), tally.DelayMs(0.99));
                }
            }

            Summary = new(partition.Index, connections, maxBatch, Median.Of(left), Median.Of(right), Median.Of(left.Zip(right).Select(static pair => pair.Second / pair.First)), log.Decision);
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

    private static TensorValue[] MakeBoundary(PartitionedModel model, Partition partition, ExecutionOptions execution)
    {
        TensorValue[] inputs = [.. model.MakeInputs(Seed)];
        if (partition == model.Plan.AllOnServer) return inputs;
        try
        {
            using var cut = LoadedCut.Load(model, partition.Index, execution);
            return cut.MakeBoundary(inputs);
        }
        finally
        {
            foreach (var input in inputs) input.Dispose();
        }
    }

    private ValueTask<SplitInferServer> StartAsync(int most, ILoggerFactory loggers, CancellationToken cancellationToken) => SplitInferServer.StartAsync(
        new() { Models = { new("model", "1", model) }, Listen = { new Uri("tcp://127.0.0.1:0") }, MaxBatch = most, Execution = execution }, loggers, cancellationToken);

    private RemoteTailTransport[] Connect(Uri server) =>
        [.. Enumerable.Range(0, connections).Select(_ => new RemoteTailTransport(server, "", "", model.Plan, CodecRegistry.Default, new TransportOptions(), time))];

    private async Task<LoadTally> LoadAsync(RemoteTailTransport[] transports, TimeSpan duration, CancellationToken cancellationToken)
    {
        var (tally, requests, start) = (new LoadTally(), new RawRequests(partition, _boundary), time.GetTimestamp());
        await Task.WhenAll(transports.Select(transport => Task.Run(async () =>
        {
            while (time.GetElapsedTime(start) < duration)
            {
                var sent = time.GetTimestamp();
                try
                {
                    (await transport.SendAsync(requests.Next(), cancellationToken).ConfigureAwait(false)).Dispose();
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
