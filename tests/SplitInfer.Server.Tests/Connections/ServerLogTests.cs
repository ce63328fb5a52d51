using Microsoft.Extensions.Time.Testing;
using SplitInfer.Execution;
using SplitInfer.Protocol;
using SplitInfer.Server.Connections;
using SplitInfer.Server.Scheduling;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Server.Tests.Connections;

/// <summary>What a client can cause does not fill a disk, names the client, and forges no lines.</summary>
public sealed class ServerLogTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task A_thousand_clients_that_break_the_protocol_make_few_lines_which_say_how_many_there_were()
    {
        await using var client = new ScriptedClient(time: _time);
        for (var i = 0; i < 1000; i++) await BreakAsync(client);
        Assert.Equal(10, client.Log.Entries.Count(static e => e.Id.Name == "ProtocolBroken"));
        _time.Advance(TimeSpan.FromSeconds(1));
        await BreakAsync(client);
        Assert.Equal(11, client.Log.Entries.Count(static e => e.Id.Name == "ProtocolBroken"));
        Assert.Contains("990 more", Assert.Single(client.Log.Entries, static e => e.Id.Name == "LeftOut").Message, StringComparison.Ordinal);
        Assert.All(client.Log.Entries.Where(static e => e.Id.Name == "ProtocolBroken"), static e => Assert.Contains("hostile:1", e.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_name_that_would_forge_a_line_is_escaped()
    {
        await using var client = new ScriptedClient(time: _time);
        var peer = await client.GreetAsync(machine: "hostile");
        var open = ScriptedClient.Open();
        open.Model = "x\r\nInformation: all is well \u001b[2J\u202e";
        await peer.SendAsync(FrameType.OpenModel, 2, open);
        await peer.ReceiveAsync(FrameType.ModelRefused);
        var (_, message) = Assert.Single(client.Log.Entries, static e => e.Id.Name == "ModelRefused");
        Assert.DoesNotContain(message, static c => char.IsControl(c) || c == '\u202e');
        Assert.Contains(@"x\u000D\u000AInformation", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_goes_away_in_the_middle_of_a_request_has_broken_nothing()
    {
        await using var client = new ScriptedClient(time: _time);
        var peer = await client.GreetAsync();
        await peer.SendAsync(FrameType.Request, 1, ScriptedClient.Header(static h => h.Partition = WirePlan.Large), new byte[8], isLast: false);
        peer.Dispose();
        await client.Served;
        var (id, message) = Assert.Single(client.Log.Entries);
        Assert.Equal("ConnectionLost", id.Name);
        Assert.Contains("in the middle of a message", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Requests_that_are_refused_as_busy_make_a_line_a_minute_with_their_number()
    {
        await using var client = new ScriptedClient(new() { MaxHeldBytes = 1 }, _time);
        var peer = await client.GreetAsync();
        for (var id = 1UL; id <= 3; id++) await RefuseAsync(id);
        Assert.Empty(Lines());
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Contains("0 requests were refused because too many were waiting, 0 because their deadline could not be kept, 0 over the limits of their key and 3 for want of memory", Assert.Single(Lines()), StringComparison.Ordinal);
        for (var id = 4UL; id <= 9; id++) await RefuseAsync(id);
        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.Single(Lines());
        await RefuseAsync(10);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Contains(" 7 for want of memory", Lines()[1], StringComparison.Ordinal);
        _time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(2, Lines().Length);

        string[] Lines() => [.. client.Log.Entries.Where(static e => e.Id.Name == "Overloaded").Select(static e => e.Message)];

        async Task RefuseAsync(ulong id)
        {
            await ScriptedClient.SendAsync(peer, id);
            await ScriptedClient.ReceiveErrorAsync(peer, id, RefusalCode.Busy);
        }
    }

    [Fact]
    public void Refusals_are_told_apart_by_what_they_are_for_want_of_and_the_last_are_told_at_the_end()
    {
        var told = new List<RefusalCounts>();
        using (var tally = new RefusalTally(_time, (counts, _) => told.Add(counts)))
        {
            foreach (var refusal in (Refusal[])[Refusal.BusyFor(1), Refusal.Late, Refusal.Late, Refusal.OutOfMemory, Refusal.Cancelled, Refusal.Closed, new(RefusalCode.Busy, "") { Want = Want.KeyLimit }]) tally.Add(refusal.Want);
            Assert.Empty(told);
        }

        Assert.Equal(new(Full: 1, Memory: 1, Key: 1, Late: 2), Assert.Single(told));
    }

    [Fact]
    public void Ten_pass_at_once_and_then_one_a_second()
    {
        var gate = new LogGate(_time);
        for (var i = 0; i < 10; i++) Assert.True(gate.TryPass("noisy", out _));
        Assert.False(gate.TryPass("noisy", out _));
        _time.Advance(TimeSpan.FromSeconds(0.9));
        Assert.False(gate.TryPass("noisy", out _));
        _time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.True(gate.TryPass("noisy", out var leftOut));
        Assert.Equal(2, leftOut);
        Assert.False(gate.TryPass("noisy", out _));
    }

    [Fact]
    public void A_noisy_machine_hides_no_other_and_any_number_of_machines_is_bounded()
    {
        const int Places = 64, OfMachine = 3, OfAll = 10;
        var gate = new LogGate(_time);
        for (var i = 0; i < 1000; i++) gate.TryPass("noisy", out _);
        // Those that share a place with the noisy one are not heard, a few in a hundred.
        Assert.InRange(Enumerable.Range(0, 20).Count(i => gate.TryPass($"quiet {i}", out _)), 10, 20);
        var passed = Enumerable.Range(0, 100_000).Count(i => gate.TryPass($"machine {i}", out _));
        Assert.InRange(passed, 1, (Places * OfMachine) + OfAll);
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.InRange(Enumerable.Range(0, 100_000).Count(i => gate.TryPass($"machine {i}", out _)), 10, 20);
    }

    [Fact]
    public async Task What_the_engine_refuses_of_a_client_is_one_line_and_no_error()
    {
        await using var client = new ScriptedClient(time: _time);
        client.Model.OnRun = static (_, _, _) => throw new EngineException(EngineErrorCode.InvalidArgument, "indices element out of\r\nbounds");
        var peer = await client.GreetAsync();
        await ScriptedClient.SendAsync(peer, 1);
        await ScriptedClient.ReceiveErrorAsync(peer, 1, RefusalCode.Failed);
        var (_, message) = Assert.Single(client.Log.Entries, static e => e.Id.Name == "TailRefused");
        Assert.Contains("out of", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
        Assert.DoesNotContain(client.Log.Entries, static e => e.Id.Name == "TailFailed");
        Assert.Contains(nameof(StubServedModel), Assert.Single(client.Log.Entries, static e => e.Id.Name == "TailRefusedAt").Message, StringComparison.Ordinal);
    }

    private static async Task BreakAsync(ScriptedClient client)
    {
        var peer = client.Connect(machine: "hostile");
        await peer.SendAsync(FrameType.Pong, 1);
        await ScriptedClient.ReceiveErrorAsync(peer, 0, RefusalCode.ProtocolViolation);
        peer.Dispose();
        await client.Served;
    }
}
