using System.Diagnostics.Metrics;
using Microsoft.Extensions.Time.Testing;
using SplitInfer.Server.Telemetry;
using SplitInfer.Server.Tests.Connections;
using SplitInfer.Telemetry;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Server.Tests.WholeModels;

/// <summary>What is told of requests for whole models. In virtual time, so that every number is exact.</summary>
public sealed class WholeModelTelemetryTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Waiting_counts_the_loading_of_the_tail_and_stages_that_did_not_take_place_are_left_out()
    {
        List<(string Stage, double Seconds)> heard = [];
        using var listener = Listen(heard);
        await using var client = new ScriptedClient(time: _time);
        // Listeners hear the whole process.
        client.Model.Name = "timed";
        client.Model.OnRent = (_, _) => Pass(2);
        client.Model.OnRun = (_, _, _) => Pass(3);
        var server = new WholeModelServer(client);
        using (var request = server.Begin(server.Connect()))
        {
            await Pass(1);
            await request.RunAsync(WirePlan.Boundary(WirePlan.Fixed));
            await Pass(4);
        }

        lock (heard) Assert.Equal([("receive", 1), ("queue", 2), ("tail", 3), ("encode_outputs", 4)], heard);
    }

    private static MeterListener Listen(List<(string Stage, double Seconds)> heard)
    {
        var listener = new MeterListener
        {
            InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Name == ServerMetricNames.StageDuration) listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((_, seconds, tags, _) =>
        {
            var told = tags.ToArray().ToDictionary(static tag => tag.Key, static tag => tag.Value);
            if (told[TelemetryTags.Model] as string != "timed") return;
            lock (heard) heard.Add(((string)told[TelemetryTags.Stage]!, seconds));
        });
        listener.Start();
        return listener;
    }

    private Task Pass(double seconds)
    {
        _time.Advance(TimeSpan.FromSeconds(seconds));
        return Task.CompletedTask;
    }
}
