using SplitInfer.Dashboard.Sampling;
using SplitInfer.Protocol;
using SplitInfer.Server.Monitoring;

namespace SplitInfer.Dashboard.Tests.Sampling;

/// <summary>What requests add up to within a second.</summary>
public class SampleBuilderTests
{
    private readonly SampleBuilder _builder = new();

    [Fact]
    public void Stages_are_means_of_what_server_and_clients_know()
    {
        _builder.Add(Request(partition: 3, runMs: 4) with { Report = Report(headMs: 10, totalMs: 30, forced: 1, raced: 1) });
        _builder.Add(Request(partition: 3, runMs: 8) with { Report = Report(headMs: 20, totalMs: 50, won: 1, onDevice: 6) });
        _builder.Add(Request(partition: 5, runMs: 0));
        var sample = Build();
        Assert.Equal((3, 0, 0, 300L), (sample.Answered, sample.Refused, sample.Withdrawn, sample.BytesReceived));
        Assert.Equal((2, 1, 1, 1, 6), (sample.Told, sample.Forced, sample.Raced, sample.WonByDevice, sample.OnDevice));
        Assert.Equal(0.004, sample.StageSeconds[(int)Stage.Tail], 1e-9);
        Assert.Equal(0.015, sample.StageSeconds[(int)Stage.Head], 1e-9);
        Assert.Equal(0.040, sample.TotalSeconds!.Value, 1e-9);
        Assert.Equal([(new Cut("model", 3), 2), (new Cut("model", 5), 1)], sample.Cuts.ToArray());
    }

    [Fact]
    public void Without_reports_the_way_here_is_what_the_server_saw_of_it()
    {
        _builder.Add(Request(partition: 3, runMs: 4));
        var sample = Build();
        Assert.Equal(0.002, sample.StageSeconds[(int)Stage.Send], 1e-9);
        Assert.Null(sample.TotalSeconds);
    }

    [Fact]
    public void What_clients_take_back_is_not_refused()
    {
        _builder.Add(Request(partition: 3, runMs: 4) with { Refusal = RefusalCode.Cancelled });
        _builder.Add(Request(partition: 3, runMs: 4) with { Refusal = RefusalCode.Busy });
        _builder.Add(Request(partition: 3, runMs: 4) with { Refusal = RefusalCode.Busy, Report = Report(headMs: 1, totalMs: 2) });
        var sample = Build();
        Assert.Equal((0, 2, 1, 1), (sample.Answered, sample.Refused, sample.Withdrawn, sample.Told));
        Assert.Equal([("Busy", 2)], sample.Refusals.ToArray());
        Assert.All(Build().StageSeconds, static stage => Assert.Equal(0, stage));
    }

    [Fact]
    public void What_exits_answer_is_counted_once()
    {
        foreach (var exit in (int[])[0, 1, 2]) _builder.Add(Request(partition: 3, runMs: 4) with { Exit = exit });
        _builder.Add(Request(partition: 3, runMs: 4) with { Exit = 1, Refusal = RefusalCode.Busy });
        var sample = Build();
        Assert.Equal((3, 2), (sample.Answered, sample.ByExit));
        Assert.Equal(0, Build().ByExit);
    }

    [Fact]
    public void What_clients_make_up_overflows_no_sum()
    {
        // The most that a report may say.
        var made = Report(headMs: 1, totalMs: 1) with { Finished = 1_000_000, Forced = 1_000_000, Raced = 1_000_000, WonByDevice = 1_000_000, OnDevice = 1_000_000 };
        for (var request = 0; request < 3000; request++) _builder.Add(Request(partition: 3, runMs: 1) with { Report = made });
        var sample = Build();
        Assert.Equal((3_000_000_000, 3_000_000_000, 3_000_000_000, 3_000_000_000, 3_000_000_000), (sample.Told, sample.Forced, sample.Raced, sample.WonByDevice, sample.OnDevice));
    }

    private static RequestActivity Request(int partition, double runMs) => new()
    {
        Client = 1, Model = "model", Version = "1", Refusal = null, Partition = partition, Codec = "Raw", BytesReceived = 100, BytesSent = 10, Receive = Ms(2), Decode = Ms(1), Queue = Ms(1),
        Run = Ms(runMs), Encode = Ms(1), Report = null,
    };

    private static ClientReport Report(double headMs, double totalMs, int forced = 0, int raced = 0, int won = 0, int onDevice = 0) => new()
    {
        RoundTripSeconds = 0.01, BitsPerSecond = 1e6, Finished = 1, Forced = forced, Raced = raced, WonByDevice = won, OnDevice = onDevice, OnDeviceTime = Ms(onDevice),
        Last = new()
        {
            Partition = 3, Codec = "Raw", Variant = 0, IsForced = forced > 0, IsRaced = raced > 0, IsDevice = won > 0, Decide = default, Head = Ms(headMs), Encode = default, Send = default, Server = default,
            Reply = default, Tail = default, Total = Ms(totalMs), Predicted = null,
        },
    };

    private Sample Build() => _builder.Build(DateTimeOffset.UnixEpoch, seconds: 1, default);

    private static TimeSpan Ms(double milliseconds) => TimeSpan.FromMilliseconds(milliseconds);
}
