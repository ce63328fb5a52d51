using SplitInfer.Execution;
using SplitInfer.Server;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>
/// What telemetry costs a request: with nobody listening, with metrics, and with traces of a hundredth and of all requests, in turn within each round. The
/// engine is a stub that answers at once, so that next to nothing else varies.
/// </summary>
internal sealed class TelemetryBenchmark(TimeProvider time)
{
    private const int Bytes = TransportBenchmark.ReplyBytes;

    // The compiler makes its best of code that has run for a while; what few rounds measure means nothing anyway.
    private const int WarmUpRounds = 5, FewestWarm = 5;

    /// <summary>Measures both paths.</summary>
    /// <param name="rounds">Batches of each kind.</param>
    /// <param name="requests">Requests of a batch over the connection; on the device there are twenty times as many.</param>
    /// <param name="cancellationToken">Stops between two rounds.</param>
    public async Task<IReadOnlyList<TelemetryRow>> RunAsync(int rounds, int requests, CancellationToken cancellationToken = default)
    {
        var (model, stub) = (TransportModel.Load(Bytes), new ExecutionOptions { WrapRunner = static segment => new InstantRunner(segment) });
        var options = new SplitInferServerOptions { Models = { new("stub", "1", model) }, Execution = stub, Listen = { new("tcp://127.0.0.1:0") } };
        await using var server = await SplitInferServer.StartAsync(options, cancellationToken: cancellationToken).ConfigureAwait(false);
        await using var device = await TelemetryLane.StartAsync(server: null, model, stub, Bytes, requests * 20, time).ConfigureAwait(false);
        await using var remote = await TelemetryLane.StartAsync(server.Endpoints[0], model, stub, Bytes, requests, time).ConfigureAwait(false);
        for (var round = rounds < FewestWarm ? 0 : -WarmUpRounds; round < rounds; round++)
        {
            foreach (var lane in (TelemetryLane[])[device, remote])
            {
                for (var turn = 0; turn < TelemetryListener.All.Count; turn++)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    // Nobody is always the first to be measured otherwise.
                    var listener = TelemetryListener.All[(turn + round + WarmUpRounds) % TelemetryListener.All.Count];
                    await lane.GoAsync(listener, isKept: round >= 0).ConfigureAwait(false);
                }
            }
        }

        return [.. device.Rows(), .. remote.Rows()];
    }
}
