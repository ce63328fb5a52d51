using Microsoft.Extensions.Time.Testing;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;

namespace SplitInfer.Server.Tests.Connections;

public class HandshakeTests
{
    private static readonly Dictionary<string, (Hello Hello, RefusalCode Code)> Refused = new()
    {
        ["newer versions"] = (Change(static h => (h.MinVersion, h.MaxVersion) = (ProtocolVersion.Newest + 1, ProtocolVersion.Newest + 2)), RefusalCode.VersionMismatch),
        ["older versions"] = (Change(static h => (h.MinVersion, h.MaxVersion) = (0, ProtocolVersion.Oldest - 1)), RefusalCode.VersionMismatch),
        ["no codecs"] = (Change(static h => h.Codecs.Clear()), RefusalCode.CodecNotAllowed),
    };

    public static TheoryData<string> RefusedNames => [.. Refused.Keys];

    [Fact]
    public async Task Welcome_says_what_both_agree_on()
    {
        await using var client = new ScriptedClient(new ServerLimits { MaxInFlightPerConnection = 5, MaxOpenModelsPerConnection = 3, MaxConcurrentRuns = 7, Sizes = new() { MaxBytes = 1000 } });
        var peer = client.Connect();
        await peer.SendAsync(FrameType.Hello, 0, ScriptedClient.Hello("Zip", "RunLength", "Raw", "Raw"));
        var welcome = (await peer.ReceiveAsync(FrameType.Welcome)).Read(Welcome.Parser);
        Assert.Equal(new Welcome { Version = ProtocolVersion.Newest, Codecs = { "RunLength", "Raw" }, MaxInFlight = 5, MaxOpenModels = 3, MaxBoundaryBytes = 1000, Load = new() { Places = 7 } }, welcome);
    }

    [Theory]
    [MemberData(nameof(RefusedNames))]
    public async Task What_does_not_go_together_is_refused_in_words(string what)
    {
        var (hello, code) = Refused[what];
        await using var client = new ScriptedClient();
        var peer = client.Connect();
        await peer.SendAsync(FrameType.Hello, 0, hello);
        Assert.NotEmpty((await ScriptedClient.ReceiveErrorAsync(peer, 0, code)).Message);
    }

    [Fact]
    public async Task A_client_of_version_2_is_told_which_versions_go_together()
    {
        // What the release before said first, as its document printed it.
        const string Hello =
            "53504C54010101000000000000000000" + "5E00000000000000000000003244198C" + "08021002" + "1A0A73717565657A656E6574" + "2203312E31" +
            "2A20000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F" + "3220202122232425262728292A2B2C2D2E2F303132333435363738393A3B3C3D3E3F" + "3A03526177";
        await using var client = new ScriptedClient();
        var peer = client.Connect();
        await peer.SendAsync(Convert.FromHexString(Hello));
        var error = await ScriptedClient.ReceiveErrorAsync(peer, 0, RefusalCode.VersionMismatch);
        Assert.Contains("versions 2 to 2", error.Message, StringComparison.Ordinal);
        Assert.Contains("the server 3 to 3", error.Message, StringComparison.Ordinal);
        Assert.Equal(0u, error.DifferingPartition); // the only other field that it would read
    }

    [Fact]
    public async Task Capabilities_that_the_server_does_not_know_are_left_out()
    {
        await using var client = new ScriptedClient();
        var peer = client.Connect();
        await peer.SendAsync(FrameType.Hello, 0, Change(static h => h.Capabilities.Add("from-the-future")));
        Assert.Empty((await peer.ReceiveAsync(FrameType.Welcome)).Read(Welcome.Parser).Capabilities);
    }

    [Fact]
    public async Task Whoever_speaks_another_language_is_told_so_and_left()
    {
        await using var client = new ScriptedClient();
        var peer = client.Connect();
        await peer.SendAsync("GET / HTTP/1.1\r\nHost: example.test\r\n\r\n"u8.ToArray());
        await ScriptedClient.ReceiveErrorAsync(peer, 0, RefusalCode.ProtocolViolation);
    }

    [Fact]
    public async Task Whoever_skips_the_hello_is_told_so_and_left()
    {
        await using var client = new ScriptedClient();
        var peer = client.Connect();
        await ScriptedClient.SendAsync(peer, 1);
        Assert.Contains("Hello", (await ScriptedClient.ReceiveErrorAsync(peer, 0, RefusalCode.ProtocolViolation)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    public async Task Whoever_does_not_say_hello_in_time_is_left(int bytesSent)
    {
        var time = new FakeTimeProvider();
        await using var client = new ScriptedClient(time: time);
        var peer = client.Connect();
        await peer.SendAsync(Testing.Wire.WirePeer.Frame(FrameType.Hello, 0, ScriptedClient.Hello()).AsMemory(0, bytesSent));
        while (!client.Served.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Null(await peer.ReceiveAsync());
    }

    [Fact]
    public async Task More_connections_than_the_limit_are_turned_away_in_words()
    {
        await using var client = new ScriptedClient(new ServerLimits { MaxConnections = 1 });
        var first = await client.GreetAsync();
        var second = client.Connect();
        await ScriptedClient.ReceiveErrorAsync(second, 0, RefusalCode.Busy);
        second.Dispose();
        await client.Served;
        await ScriptedClient.SendAsync(first, 1);
        await first.ReceiveAsync(FrameType.Response);
    }

    private static Hello Change(Action<Hello> change)
    {
        var hello = ScriptedClient.Hello();
        change(hello);
        return hello;
    }
}
