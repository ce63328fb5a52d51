using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Server.Tests.Connections;

public class RefusalTests
{
    private static readonly Dictionary<string, (RequestHeader Header, RefusalCode Code)> Refused = new()
    {
        ["no such partition"] = (ScriptedClient.Header(static h => h.Partition = 99), RefusalCode.InvalidPartition),
        ["partition over 31 bits"] = (ScriptedClient.Header(static h => h.Partition = uint.MaxValue), RefusalCode.InvalidPartition),
        ["inadmissible"] = (ScriptedClient.Header(static h => h.Partition = WirePlan.Inadmissible), RefusalCode.InvalidPartition),
        ["no tail"] = (ScriptedClient.Header(static h => h.Partition = WirePlan.OnDevice), RefusalCode.InvalidPartition),
        ["exit"] = (ScriptedClient.Header(static h => h.Exit = 1), RefusalCode.InvalidPartition),
        ["another plan"] = (ScriptedClient.Header(static h => h.PlanCheck++), RefusalCode.PlanMismatch),
        ["no plan"] = (ScriptedClient.Header(static h => h.PlanCheck = 0), RefusalCode.PlanMismatch),
        ["no handle"] = (ScriptedClient.Header(static h => h.Handle = 0), RefusalCode.ModelClosed),
        ["unknown handle"] = (ScriptedClient.Header(static h => h.Handle = 2), RefusalCode.ModelClosed),
        ["huge handle"] = (ScriptedClient.Header(static h => h.Handle = uint.MaxValue), RefusalCode.ModelClosed),
        ["codec"] = (ScriptedClient.Header(static h => h.Codec = 2), RefusalCode.CodecNotAllowed),
        ["symbol without need"] = (ScriptedClient.Header(static h => h.SymbolSizes.Add(1)), RefusalCode.LimitExceeded),
        ["no symbol"] = (ScriptedClient.Header(static h => h.Partition = WirePlan.Symbolic), RefusalCode.LimitExceeded),
        ["negative symbol"] = (ScriptedClient.Header(static h => { h.Partition = WirePlan.Symbolic; h.SymbolSizes.Add(-1); }), RefusalCode.LimitExceeded),
        ["symbol over the limit"] = (ScriptedClient.Header(static h => { h.Partition = WirePlan.Symbolic; h.SymbolSizes.Add(1001); }), RefusalCode.LimitExceeded),
        ["symbol that overflows"] = (ScriptedClient.Header(static h => { h.Partition = WirePlan.Symbolic; h.SymbolSizes.Add(long.MaxValue); }), RefusalCode.LimitExceeded),
        ["many symbols"] = (ScriptedClient.Header(static h => { h.Partition = WirePlan.Symbolic; h.SymbolSizes.Add(new long[6000]); }), RefusalCode.LimitExceeded),
    };

    public static TheoryData<string> RefusedNames => [.. Refused.Keys];

    [Theory]
    [MemberData(nameof(RefusedNames))]
    public async Task What_the_plan_or_the_limits_do_not_have_is_refused_and_the_connection_goes_on(string what)
    {
        var (header, code) = Refused[what];
        await using var client = new ScriptedClient(new ServerLimits { Sizes = new() { MaxDimension = 1000 } });
        var peer = await client.GreetAsync();
        await peer.SendAsync(FrameType.Request, 1, header, new byte[16]);
        Assert.NotEmpty((await ScriptedClient.ReceiveErrorAsync(peer, 1, code)).Message);
        Assert.Equal(0, client.Model.Runs);
        await ScriptedClient.SendAsync(peer, 2);
        await peer.ReceiveAsync(FrameType.Response);
    }

    [Fact]
    public async Task A_refusal_does_not_wait_for_the_rest_which_is_let_go()
    {
        await using var client = new ScriptedClient();
        var peer = await client.GreetAsync();
        await peer.SendAsync(FrameType.Request, 1, ScriptedClient.Header(static h => h.Partition = 99), new byte[10], isLast: false);
        await ScriptedClient.ReceiveErrorAsync(peer, 1, RefusalCode.InvalidPartition);
        await peer.SendAsync(FrameType.Data, 1, null, new byte[100_000], isLast: false);
        await ScriptedClient.SendAsync(peer, 2);
        Assert.Equal(2ul, (await peer.ReceiveAsync(FrameType.Response)).Header.RequestId);
        await peer.SendAsync(FrameType.Data, 1, null, new byte[399_990]);
        await ScriptedClient.SendAsync(peer, 3);
        Assert.Equal(3ul, (await peer.ReceiveAsync(FrameType.Response)).Header.RequestId);
    }

    [Fact]
    public async Task A_client_that_is_told_no_may_end_the_request_by_withdrawing_it()
    {
        await using var client = new ScriptedClient(new ServerLimits { MaxInFlightPerConnection = 1 });
        var peer = await client.GreetAsync();
        for (ulong id = 1; id < 20; id += 2)
        {
            await peer.SendAsync(FrameType.Request, id, ScriptedClient.Header(static h => h.Partition = 99), new byte[10], isLast: false);
            await ScriptedClient.ReceiveErrorAsync(peer, id, RefusalCode.InvalidPartition);
            await peer.SendAsync(FrameType.Cancel, id);
            await ScriptedClient.SendAsync(peer, id + 1);
            Assert.Equal(id + 1, (await peer.ReceiveAsync(FrameType.Response)).Header.RequestId);
        }
    }

    public static TheoryData<uint, string, bool> Payloads => new()
    {
        { 0, "00000000 00000000 00000000 000000", true },
        { 0, "00000000 00000000 00000000 00000000 00", true },
        { 0, "00000000 00000000 00000000 00000000 00", false },
        { 0, "00000000 00000000 00000000 00000000", false },
        { 0, "", true },
        { 1, "", true },
        { 1, "02000000", true },
        { 1, "02000000 10", true },
        { 1, "02000000 0500", true },
        { 1, "02000000 1000 00", true },
        { 1, "02000000 1000", false },
        { 1, "21000000 1000", false },
        { 1, "FFFFFFFF 1000", false },
    };

    [Theory]
    [MemberData(nameof(Payloads))]
    public async Task A_payload_that_is_none_of_the_plan_is_refused_and_the_connection_goes_on(uint codec, string payload, bool isLast)
    {
        await using var client = new ScriptedClient(new ServerLimits { MaxInFlightPerConnection = 1, MaxHeldBytes = 1000 });
        var peer = await client.GreetAsync();
        for (ulong id = 1; id < 100; id += 2)
        {
            await peer.SendAsync(FrameType.Request, id, ScriptedClient.Header(h => h.Codec = codec), Convert.FromHexString(payload.Replace(" ", "", StringComparison.Ordinal)), isLast);
            Assert.Contains(codec == 0 ? "Raw" : "RunLength", (await ScriptedClient.ReceiveErrorAsync(peer, id, RefusalCode.InvalidPayload)).Message, StringComparison.Ordinal);
            if (!isLast) await peer.SendAsync(FrameType.Data, id, null, new byte[100_000]);
            Assert.Equal((int)id / 2, client.Model.Runs);
            await ScriptedClient.SendAsync(peer, id + 1);
            Assert.Equal(id + 1, (await peer.ReceiveAsync(FrameType.Response)).Header.RequestId);
        }
    }

    [Fact]
    public async Task A_slab_that_does_not_decode_is_refused_before_the_next_comes()
    {
        await using var client = new ScriptedClient();
        var peer = await client.GreetAsync(codecs: "RunLength");
        await peer.SendAsync(FrameType.Request, 1, ScriptedClient.Header(static h => h.Partition = WirePlan.Large), Convert.FromHexString("02000000" + "0500"), isLast: false);
        Assert.Contains("RunLength", (await ScriptedClient.ReceiveErrorAsync(peer, 1, RefusalCode.InvalidPayload)).Message, StringComparison.Ordinal);
        Assert.Equal(0, client.Model.Runs);
    }

    [Fact]
    public async Task A_refusal_of_the_model_reaches_the_client_in_its_words()
    {
        await using var client = new ScriptedClient();
        client.Model.OnRun = static (_, _, _) => throw new TailRefusedException(RefusalCode.LimitExceeded, "Not that.");
        var peer = await client.GreetAsync();
        await ScriptedClient.SendAsync(peer, 1);
        Assert.Equal("Not that.", (await ScriptedClient.ReceiveErrorAsync(peer, 1, RefusalCode.LimitExceeded)).Message);
    }

    [Fact]
    public async Task A_failure_is_logged_and_the_client_learns_nothing_of_what_is_inside()
    {
        await using var client = new ScriptedClient();
        client.Model.OnRun = static (_, _, _) => throw new InvalidOperationException("secret/path/weights.bin");
        var peer = await client.GreetAsync();
        await ScriptedClient.SendAsync(peer, 1);
        var error = await ScriptedClient.ReceiveErrorAsync(peer, 1, RefusalCode.Failed);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
        Assert.Contains(client.Log.Entries, static e => e.Message.Contains("secret", StringComparison.Ordinal));
        client.Model.OnRun = static (_, _, _) => Task.CompletedTask;
        await ScriptedClient.SendAsync(peer, 2);
        await peer.ReceiveAsync(FrameType.Response);
    }
}
