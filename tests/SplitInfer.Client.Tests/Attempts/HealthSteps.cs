using static SplitInfer.Client.Tests.Attempts.StageSteps;

namespace SplitInfer.Client.Tests.Attempts;

/// <summary>Requests after which the client knows something of the server's health.</summary>
internal static class HealthSteps
{
    /// <summary>A request that the device does in no time, after which the server is probed where that is due.</summary>
    public static async Task VisitAsync(this StageUnderTest stage)
    {
        stage.Device[Segment.Whole] = new(TimeSpan.Zero);
        await stage.InferAsync(Choice.OnDevice).WaitAsync(FailureLimit);
    }

    public static async Task ProbeAsync(this StageUnderTest stage, int roundTrips)
    {
        await stage.VisitAsync();
        await stage.PongsAsync(roundTrips);
    }

    /// <summary>Lets the server answer, however many pings a probe has.</summary>
    public static async Task PongsAsync(this StageUnderTest stage, int roundTrips)
    {
        var roundTrip = stage.Server.Ping.After!.Value;
        while (stage.RoundTrips.Count < roundTrips)
        {
            await UntilAsync(() => stage.RoundTrips.Count == roundTrips || stage.Time.IsSetFor(stage.Time.Now + roundTrip));
            if (stage.RoundTrips.Count < roundTrips) stage.Time.Advance(roundTrip);
        }
    }

    /// <summary>A request after which the server is probed and fails.</summary>
    public static async Task FailAsync(this StageUnderTest stage, int pings)
    {
        var last = stage.ServerFailure;
        await stage.VisitAsync();
        await UntilAsync(() => stage.Server.Pings == pings && !ReferenceEquals(last, stage.ServerFailure));
        Assert.True(stage.IsServerAvoided);
    }

    /// <summary>A request that the server fails and the device finishes in 10 ms.</summary>
    public static async Task FailRequestAsync(this StageUnderTest stage, Fault fault = Fault.ConnectionLost)
    {
        stage.Server.Act = new(TimeSpan.Zero, fault);
        stage.Device[Segment.Head] = new(TimeSpan.Zero);
        var call = stage.InferAsync(Choice.Plain);
        await UntilAsync(() => stage.Device.Running == 1);
        stage.Time.Advance(Ms(10));
        Assert.Equal(Source.Device, (await call.WaitAsync(FailureLimit)).Source);
    }
}
