using SplitInfer.Soak.Processes;
using SplitInfer.Testing.Faults;

namespace SplitInfer.Soak.Faults;

/// <summary>What goes wrong between the two ends, by a seed: to every connection something of its own, and now and then to all at once.</summary>
internal sealed class FaultPlan(FaultProxy proxy, SoakProcess server, int seed)
{
    // Bytes of a connection by which its fault has come: some do at the handshake, some after many requests.
    private const int MostBytes = 4 << 20;

    private const double CleanPart = 0.3;

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(4), Outage = TimeSpan.FromMilliseconds(700);

    private readonly Random _random = new(seed);

    /// <summary>What was done to all, by name.</summary>
    public SortedDictionary<string, long> Done { get; } = new(StringComparer.Ordinal);

    /// <summary>What happens to a connection.</summary>
    public ConnectionScript Script(int connection)
    {
        var random = new Random(unchecked((seed * 1_000_003) + connection));
        if (random.NextDouble() < CleanPart) return ConnectionScript.Clean;
        if (random.Next(25) == 0) return ConnectionScript.BlackHole;
        var at = FaultPoint.Byte((long)Math.Pow(MostBytes, 0.3 + (0.7 * random.NextDouble())));
        var fault = random.Next(8) switch
        {
            0 => Fault.Reset(at),
            1 => Fault.Close(at),
            2 => Fault.Silence(at),
            3 => Fault.SilenceOneWay(at),
            4 => Fault.Stall(at, TimeSpan.FromMilliseconds(random.Next(1500))),
            5 => Fault.Flip(at, random.Next(8)),
            6 => Fault.Drop(at, 1 + random.Next(100)),
            _ => Fault.Duplicate(at, 1 + random.Next(100)),
        };
        return random.Next(2) == 0 ? new() { Up = [fault] } : new() { Down = [fault] };
    }

    /// <summary>Does things to all connections until it is stopped.</summary>
    /// <param name="ask">Talks to the server's process, which is measured meanwhile as well.</param>
    /// <param name="stop">Stops it.</param>
    public async Task RunAsync(SemaphoreSlim ask, CancellationToken stop)
    {
        proxy.Script = Script;
        while (true)
        {
            await Task.Delay(Period, stop);
            var what = _random.Next(8);
            Count(what < 4 ? "resets of all" : what < 6 ? "outages" : "restarts");
            switch (what)
            {
                // Among them those that have gone silent: a router that has forgotten them says so in the end.
                case < 4:
                    proxy.ForEach(static connection => connection.Reset());
                    break;
                case < 6:
                    proxy.Refuse();
                    proxy.ForEach(static connection => connection.Reset());
                    await Task.Delay(Outage, stop);
                    await proxy.ResumeAsync();
                    break;
                default:
                    await ask.WaitAsync(stop);
                    try
                    {
                        await server.AskAsync(ServerRole.Restart);
                    }
                    finally
                    {
                        ask.Release();
                    }

                    break;
            }
        }
    }

    private void Count(string what) => Done[what] = Done.GetValueOrDefault(what) + 1;
}
