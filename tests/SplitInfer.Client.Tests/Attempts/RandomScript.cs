using static SplitInfer.Client.Tests.Attempts.StageSteps;

namespace SplitInfer.Client.Tests.Attempts;

/// <summary>One request of a random script.</summary>
/// <param name="Choice">What the policy decides.</param>
/// <param name="At">When it begins.</param>
/// <param name="CancelledAt">When its caller cancels; null for never.</param>
internal sealed record RandomRequest(Choice Choice, TimeSpan At, TimeSpan? CancelledAt);

/// <summary>A few requests that overlap, on a device and with a server that do anything at any time. A seed makes the same script again.</summary>
internal sealed class RandomScript
{
    private static readonly Fault[] Faults =
        [Fault.ServerFailed, Fault.Busy, Fault.DeadlineExceeded, Fault.InvalidPartition, Fault.PartitionUnavailable, Fault.ConnectionLost, Fault.ProtocolBroken];

    public RandomScript(Random random)
    {
        Requests = [.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => Request(random))];
        Server = [.. Requests.Select(_ => Act(random))];
        Ping = Act(random);
        Device = Enum.GetValues<Segment>().ToDictionary(static s => s, s => new DeviceAct(Ms(random.Next(1, 60)), s != Segment.Head && random.Next(6) == 0, Ms(random.Next(4)), random.Next(4) == 0));
        IsTailLoaded = random.Next(3) > 0;
        CanPing = random.Next(2) == 0;
        DisposedAt = random.Next(5) == 0 ? Ms(random.Next(200)) : null;
        WaitsForLateReplies = random.Next(2) == 0;
    }

    public IReadOnlyList<RandomRequest> Requests { get; }

    public IReadOnlyList<ServerAct> Server { get; }

    public ServerAct Ping { get; }

    public IReadOnlyDictionary<Segment, DeviceAct> Device { get; }

    public bool IsTailLoaded { get; }

    public bool CanPing { get; }

    /// <summary>When the client is disposed though requests are under way; null where it is when all have ended.</summary>
    public TimeSpan? DisposedAt { get; }

    public bool WaitsForLateReplies { get; }

    private static RandomRequest Request(Random random)
    {
        var choice = new Choice(random.Next(8) switch { 0 => Cut.AllOnDevice, 1 => Cut.AllOnServer, _ => Cut.Split });
        choice = random.Next(5) switch
        {
            0 => choice,
            1 => choice with { IsNamed = true },
            2 => choice with { IsRaced = true },
            _ => choice with { LateAfterSeconds = random.Next(60) / 1000.0 },
        };
        return new(choice, Ms(random.Next(80)), random.Next(3) == 0 ? Ms(random.Next(250)) : null);
    }

    private static ServerAct Act(Random random) => random.Next(10) switch
    {
        // What never comes ends with the connection, so that every script ends.
        0 => new(TimeSpan.FromHours(1), Fault.ConnectionLost, Ms(random.Next(4))),
        < 4 => new(Ms(random.Next(120)), Faults[random.Next(Faults.Length)], Ms(random.Next(4)), random.Next(4) == 0),
        _ => new(Ms(random.Next(120)), StopsIn: Ms(random.Next(4)), IsUnstoppable: random.Next(4) == 0),
    };
}
