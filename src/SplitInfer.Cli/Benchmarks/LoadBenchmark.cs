using System.Runtime.CompilerServices;
using SplitInfer.Client.Transport;
using SplitInfer.Codecs;
using SplitInfer.Partitioning;
using SplitInfer.Protocol;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>
/// Loads a server with whole models to run: as much as it takes, 80 % of that, twice of that, 80 % again, and then a greedy connection beside a polite one.
/// The phases of given rates are open loops: requests come at random times, whether those before have ended or not, and delays count from when
/// a request was to be made. In the others, who is refused comes again when it was told to.
/// </summary>
/// <param name="server">Where the server listens.</param>
/// <param name="reach">How it is reached.</param>
/// <param name="model">A model that it holds.</param>
/// <param name="connections">Connections that make the requests.</param>
/// <param name="phase">How long each phase lasts.</param>
/// <param name="arrivals">When requests come in the phases of given rates.</param>
/// <param name="time">The clock.</param>
internal sealed class LoadBenchmark(Uri server, TransportOptions reach, PartitionedModel model, int connections, TimeSpan phase, ArrivalPattern arrivals, TimeProvider time) : IAsyncDisposable
{
    private const double Calm = 0.8, Overload = 2;
    private const int Seed = 1, InFlight = 2, GreedyInFlight = 16, PoliteInFlight = 2;

    private readonly RemoteTailTransport[] _transports =
        [.. Enumerable.Range(0, connections).Select(_ => new RemoteTailTransport(server, "", "", model.Plan, CodecRegistry.Default, reach, time))];

    private readonly TensorValue[] _inputs = [.. model.MakeInputs(Seed)];
    private RawRequests? _requests;

    /// <summary>What the phases came to; complete once they have all run.</summary>
    public LoadSummaryRow? Summary { get; private set; }

    /// <summary>What a request failed with first, other than a refusal of a busy server; null where none did.</summary>
    public Exception? FirstFailure { get; private set; }

    /// <summary>Runs the phases.</summary>
    public async IAsyncEnumerable<LoadRow> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        // The tail is loaded, and code compiled, before anything is timed.
        await ClosedAsync(_transports, InFlight, TimeSpan.FromSeconds(2), cancellationToken).ConfigureAwait(false);

        var full = await ClosedAsync(_transports, InFlight, phase, cancellationToken).ConfigureAwait(false);
        var saturation = full.Completed / phase.TotalSeconds;
        yield return full.Row("saturation", offered: null, phase.TotalSeconds);
        if (saturation == 0) yield break;

        var calm = await OpenAsync(saturation * Calm, cancellationToken).ConfigureAwait(false);
        yield return calm.Row("calm", saturation * Calm, phase.TotalSeconds);
        var overload = await OpenAsync(saturation * Overload, cancellationToken).ConfigureAwait(false);
        yield return overload.Row("overload", saturation * Overload, phase.TotalSeconds);
        var after = await OpenAsync(saturation * Calm, cancellationToken).ConfigureAwait(false);
        yield return after.Row("after", saturation * Calm, phase.TotalSeconds);

        var shares = await Task.WhenAll(
            ClosedAsync(_transports.AsMemory(0, 1), GreedyInFlight, phase, cancellationToken),
            ClosedAsync(_transports.AsMemory(1, 1), PoliteInFlight, phase, cancellationToken)).ConfigureAwait(false);
        yield return shares[0].Row("greedy", offered: null, phase.TotalSeconds);
        yield return shares[1].Row("polite", offered: null, phase.TotalSeconds);
        Summary = new(
            overload.Completed / (double)full.Completed, (overload.DelayMs(0.99) ?? double.NaN) / (calm.DelayMs(0.99) ?? double.NaN), after.CalmAt(calm.DelayMs(0.99) ?? 0),
            2.0 * shares[1].Completed / Math.Max(1, shares[0].Completed + shares[1].Completed));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var transport in _transports) await transport.DisposeAsync().ConfigureAwait(false);
        foreach (var input in _inputs) input.Dispose();
    }

    /// <summary>Each of so many places on each connection makes the next request as soon as the one before has ended.</summary>
    private async Task<LoadTally> ClosedAsync(ReadOnlyMemory<RemoteTailTransport> transports, int inFlight, TimeSpan duration, CancellationToken cancellationToken)
    {
        var (tally, start) = (new LoadTally(), time.GetTimestamp());
        await Task.WhenAll(transports.ToArray().SelectMany(transport => Enumerable.Range(0, inFlight).Select(_ => Task.Run(async () =>
        {
            while (time.GetElapsedTime(start) < duration)
            {
                var again = await SendAsync(transport, tally, start, time.GetElapsedTime(start), cancellationToken).ConfigureAwait(false);
                if (again > TimeSpan.Zero) await Task.Delay(again, time, cancellationToken).ConfigureAwait(false);
            }
        }, cancellationToken)))).ConfigureAwait(false);
        return tally;
    }

    /// <summary>Requests are made at random times, so many a second on average, over the connections in turn.</summary>
    private async Task<LoadTally> OpenAsync(double perSecond, CancellationToken cancellationToken)
    {
        var (tally, requests, start) = (new LoadTally(), new List<Task>(), time.GetTimestamp());
        foreach (var due in new Arrivals(arrivals, perSecond, phase, Seed).Times())
        {
            if (due - time.GetElapsedTime(start) is var wait && wait > TimeSpan.FromMilliseconds(1)) await Task.Delay(wait, time, cancellationToken).ConfigureAwait(false);
            var transport = _transports[requests.Count % _transports.Length];
            requests.Add(Task.Run(() => SendAsync(transport, tally, start, due, cancellationToken), cancellationToken));
        }

        await Task.WhenAll(requests).ConfigureAwait(false);
        return tally;
    }

    /// <summary>Makes a request.</summary>
    /// <returns>When the server wants to hear of the client again.</returns>
    private async Task<TimeSpan> SendAsync(RemoteTailTransport transport, LoadTally tally, long start, TimeSpan due, CancellationToken cancellationToken)
    {
        var request = (_requests ??= new(model.Plan.AllOnServer, _inputs)).Next();
        var sent = time.GetTimestamp();
        tally.AddSent((time.GetElapsedTime(start, sent) - due).TotalMilliseconds);
        try
        {
            (await transport.SendAsync(request, cancellationToken).ConfigureAwait(false)).Dispose();
            tally.AddCompleted(due.TotalSeconds, (time.GetElapsedTime(start) - due).TotalMilliseconds);
        }
        catch (TailRefusedException refused) when (refused.Code is RefusalCode.Busy or RefusalCode.DeadlineExceeded)
        {
            tally.AddRefused(time.GetElapsedTime(sent).TotalMilliseconds);
            return refused.RetryAfter ?? TimeSpan.Zero;
        }
        catch (Exception exception) when (exception is SplitInferException or IOException)
        {
            tally.AddFailed();
            FirstFailure ??= exception;
        }

        return TimeSpan.Zero;
    }
}
