using SplitInfer.Client.Transport;

namespace SplitInfer.Client.Servers;

/// <content>One probe: a few pings, the first of which connects where that is due. Variants are then asked for.</content>
internal sealed partial class ServerHealth
{
    // The shortest of a few counts: any of them may have waited for a device that is busy, or for code that is compiled on the way.
    private const int PingsPerRoundTrip = 4;

    private static readonly TimeSpan PingLimit = TimeSpan.FromSeconds(10);

    private async Task PingAsync()
    {
        bool wasUp;
        lock (_gate) wasUp = _state == State.Up;
        var (roundTrip, failure) = await MeasureAsync().ConfigureAwait(false);
        // A connection that has ended says little of the server: a path may have forgotten it, and a new one work.
        if (failure is ServerUnreachableException && wasUp) (roundTrip, failure) = await MeasureAsync().ConfigureAwait(false);
        if (failure is not null) ReportFailure(failure);
        if (roundTrip is not { } measured) return;
        ReportSuccess();
        ReportProfile();
        if (measured > TimeSpan.Zero && measured <= PingLimit) onRoundTrip?.Invoke(measured.TotalSeconds);
    }

    /// <summary>The shortest of a few round trips, or why there is none or the server is of no use; neither where the client is being disposed.</summary>
    private async Task<(TimeSpan? RoundTrip, Exception? Failure)> MeasureAsync()
    {
        using var limit = new CancellationTokenSource(PingLimit, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _disposal.Token);
        try
        {
            var roundTrip = TimeSpan.MaxValue;
            for (var left = PingsPerRoundTrip; left > 0; left--)
            {
                var once = await server.PingAsync(stop.Token).ConfigureAwait(false);
                if (once < roundTrip) roundTrip = once;
            }

            return variants is not null && await variants.AskAsync(ReportSuccess, stop.Token).ConfigureAwait(false) is { } lacking ? (null, Told(lacking)) : (roundTrip, null);
        }
        catch (OperationCanceledException) when (_disposal.IsCancellationRequested)
        {
            return default;
        }
        catch (OperationCanceledException silence) when (limit.IsCancellationRequested)
        {
            return (null, new ServerUnreachableException($"The server {name} did not answer within {PingLimit.TotalSeconds:0} s. Check that it runs and that the network reaches it; it is tried again.", silence));
        }
#pragma warning disable CA1031 // Whatever a transport fails with, the server cannot be pinged.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            return (null, Told(failure));
        }

        Exception Told(Exception failure) => failure as SplitInferException ?? new ServerUnreachableException($"The server {name} cannot be pinged: {failure.Message} It is tried again.", failure);
    }
}
