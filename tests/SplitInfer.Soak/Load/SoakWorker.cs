using SplitInfer.Client;
using SplitInfer.Client.Transport;
using SplitInfer.Soak.Processes;

namespace SplitInfer.Soak.Load;

/// <summary>Asks as one user does, checks every answer, now and then gives a request up or is in a hurry, and now and then begins anew with another client.</summary>
internal sealed class SoakWorker(SoakUser user, SampleSet samples, Uri server, SharedConnections? connections, string state, Tally tally, Leak leak, int seed)
{
    private const int RequestsPerClient = 400;
    private const double CancelledPart = 0.02, HurriedPart = 0.02;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);

    private readonly Random _random = new(seed);

    /// <summary>Works until it is stopped.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await using var client = await SplitInferenceClient.CreateAsync(user.Options(server, samples.Model.Plan.Partitions.Length, connections, state), samples.Model, CancellationToken.None);
                tally.Count("clients");
                for (var i = 0; i < RequestsPerClient && !stop.IsCancellationRequested; i++)
                {
                    await AskAsync(client);
                    await Task.Delay(Pause * (2 * _random.NextDouble()), CancellationToken.None);
                }
            }
            catch (Exception error)
            {
                tally.Fail($"{user}: {error}");
            }
        }
    }

    private async Task AskAsync(SplitInferenceClient client)
    {
        var sample = _random.Next(1 << 20);
        using var giveUp = new CancellationTokenSource();
        var kind = _random.NextDouble();
        if (kind < CancelledPart) giveUp.CancelAfter(_random.Next(20));
        var isHurried = kind is >= CancelledPart and < CancelledPart + HurriedPart;
        leak.Drip();
        try
        {
            using var answer = await client.InferAsync(samples.Inputs(sample), isHurried ? new() { Deadline = TimeSpan.FromMilliseconds(1 + _random.Next(20)) } : null, giveUp.Token);
            if (samples.FaultOf(sample, answer, user.Tolerance) is { } fault) tally.Fail($"{user}: {fault}");
            tally.Count(answer.Source == InferenceSource.Device ? "by the device" : "by the server");
            if (answer.ServerFailure is not null) tally.Count("after a failure");
            if (answer.IsRaced) tally.Count("raced");
        }
        catch (OperationCanceledException) when (giveUp.IsCancellationRequested)
        {
            tally.Count("given up");
        }
        catch (RequestTimeoutException) when (isHurried)
        {
            tally.Count("too late, in a hurry");
        }
        catch (Exception error)
        {
            tally.Fail($"{user}: {error}");
        }

        tally.CountRequest();
    }
}
