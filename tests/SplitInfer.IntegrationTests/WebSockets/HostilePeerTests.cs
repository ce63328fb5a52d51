using System.Buffers.Binary;
using System.Text;
using SplitInfer.IntegrationTests.Security;
using SplitInfer.IntegrationTests.Transport;
using SplitInfer.Testing.Wire;

namespace SplitInfer.IntegrationTests.WebSockets;

/// <summary>Clients that misuse HTTP and WebSockets: each is ended, and a polite one beside it is served.</summary>
public sealed class HostilePeerTests
{
    private const byte Continuation = 0x80, Text = 0x81, Binary = 0x82, Ping = 0x89;

    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(500);

    private static readonly Dictionary<string, byte[]> Broken = new()
    {
        ["text message"] = RawUpgrade.Frame(Text, (byte)'h', (byte)'i'),
        ["text in two parts"] = [.. RawUpgrade.Frame(0x01, (byte)'h'), .. RawUpgrade.Frame(Continuation, (byte)'i')],
        ["giant frame of garbage"] = [.. Giant(long.MaxValue), .. Enumerable.Repeat((byte)0x55, 100)],
        ["frame of a negative length"] = [.. Giant(-1), .. Enumerable.Repeat((byte)0x55, 100)],
        ["frame without a mask"] = [Binary, 1, 0],
        ["reserved bits"] = RawUpgrade.Frame(0xC2, 1),
        ["reserved kind"] = RawUpgrade.Frame(0x83, 1),
        ["continuation of nothing"] = RawUpgrade.Frame(Continuation, 1),
        ["ping in parts"] = RawUpgrade.Frame(0x09, 1),
        ["ping that is too long"] = [Ping, 0xFE, 1, 0, 0, 0, 0, 0, .. new byte[256]],
        ["close with half a status"] = RawUpgrade.Frame(0x88, 3),
        ["garbage in a message"] = RawUpgrade.Frame(Binary, [.. Enumerable.Repeat((byte)0xAA, 100)]),
    };

    public static TheoryData<string> Kinds => [.. Broken.Keys];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Whoever_breaks_the_rules_is_ended_and_others_are_served(string kind)
    {
        await using var server = new SecureServer(scheme: "ws");
        await using var polite = server.Transport();
        await new Exchange(WirePlan.Fixed, seed: 1).MakeAsync(polite);
        using var raw = await RawUpgrade.OpenAsync(server.Address);
        await raw.SendAsync(Broken[kind]);
        await raw.ReadToEndAsync();
        await new Exchange(WirePlan.Fixed, seed: 2).MakeAsync(polite);
        Assert.Empty(server.Log.Of("ConnectionFailed"));
    }

    [Fact]
    public async Task A_giant_frame_of_which_no_more_comes_takes_nothing_and_ends_in_time()
    {
        await using var server = new SecureServer(limits: new() { HandshakeTimeout = Short }, scheme: "ws");
        using var raw = await RawUpgrade.OpenAsync(server.Address);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        await raw.SendAsync(Giant(long.MaxValue / 2));
        await raw.ReadToEndAsync();
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 100L << 20);
        await server.ExchangeAsync();
    }

    [Theory]
    [InlineData("")]
    [InlineData("GET / HT")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX: ")]
    public async Task Requests_that_are_never_finished_end_in_time(string begun)
    {
        await using var server = new SecureServer(limits: new() { HandshakeTimeout = Short }, scheme: "ws");
        await WithAsync(20, () => BeginAsync(server.Address, begun), static held => Task.WhenAll(held.Select(static raw => raw.ReadToEndAsync())));
        await server.ExchangeAsync();
    }

    [Fact]
    public async Task Requests_that_are_never_finished_make_room_for_others_long_before()
    {
        const int Held = 300, Most = 8;
        await using var server = new SecureServer(limits: new() { MaxConnections = Most, HandshakeTimeout = TimeSpan.FromMinutes(10) }, scheme: "ws");
        await WithAsync(Held, () => BeginAsync(server.Address, "GET / HT"), async held =>
        {
            await server.ExchangeAsync();
            // Which of them were the oldest, the server alone knows.
            var open = held.Select(static raw => raw.ReadToEndAsync()).ToList();
            while (open.Count > Most)
            {
                var ended = await Task.WhenAny(open);
                open.Remove(ended);
                await ended;
            }

            await server.ExchangeAsync();
        });
    }

    [Fact]
    public async Task WebSockets_over_which_nothing_is_said_keep_no_one_out_and_end_in_time()
    {
        await using var server = new SecureServer(limits: new() { MaxConnections = 4, HandshakeTimeout = TimeSpan.FromSeconds(2) }, scheme: "ws");
        await WithAsync(20, () => RawUpgrade.OpenAsync(server.Address), static silent => Task.WhenAll(silent.Select(static raw => raw.ReadToEndAsync())));
        await server.ExchangeAsync();
    }

    [Theory]
    [InlineData(Ping, 125)]
    [InlineData(Binary, 0)]
    public async Task A_flood_that_says_nothing_leaves_the_others_served_and_ends_in_time(byte kind, int bytes)
    {
        await using var server = new SecureServer(limits: new() { HandshakeTimeout = TimeSpan.FromSeconds(2), StallTimeout = Short }, scheme: "ws");
        await using var polite = server.Transport();
        await new Exchange(WirePlan.Fixed, seed: 1).MakeAsync(polite);
        using var stop = new CancellationTokenSource();
        using var raw = await RawUpgrade.OpenAsync(server.Address);
        byte[] flood = [.. Enumerable.Repeat(RawUpgrade.Frame(kind, new byte[bytes]), 500).SelectMany(static frame => frame)];
        // It reads none of the answers.
        var flooding = Task.Run(async () =>
        {
            while (await raw.TrySendAsync(flood, stop.Token)) { }
        });
        for (var seed = 2; seed < 100; seed++) await new Exchange(WirePlan.Fixed, seed).MakeAsync(polite);
        await flooding;
        await new Exchange(WirePlan.Fixed, seed: 100).MakeAsync(polite);
    }

    [Theory]
    [InlineData("/other", "", "404")]
    [InlineData("/", "Origin: https://page.example\r\n", "403")]
    public async Task Requests_for_something_else_are_answered_and_ended(string path, string headers, string status)
    {
        await using var server = new SecureServer(scheme: "ws");
        using var raw = await RawUpgrade.ConnectAsync(server.Address);
        await raw.SendAsync(Encoding.ASCII.GetBytes(RawUpgrade.Request(new(server.Address, path), headers)));
        Assert.StartsWith($"HTTP/1.1 {status} ", Encoding.UTF8.GetString(await raw.ReadToEndAsync()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_asks_for_no_WebSocket_is_told_what_this_is()
    {
        await using var server = new SecureServer(scheme: "ws");
        using var raw = await RawUpgrade.ConnectAsync(server.Address);
        await raw.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray());
        var answer = Encoding.UTF8.GetString(await raw.ReadToEndAsync());
        Assert.StartsWith("HTTP/1.1 426 ", answer, StringComparison.Ordinal);
        Assert.Contains("Upgrade: websocket", answer, StringComparison.Ordinal);
        Assert.Contains("SplitInfer clients", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Machines_and_keys_have_their_limits_here_too()
    {
        await using var server = new SecureServer(limits: new() { MaxConnectionsPerMachine = 1 }, scheme: "ws");
        await using var first = server.Transport();
        server.Model.OnRun = static stop => Task.Delay(Timeout.InfiniteTimeSpan, stop);
        using var stop = new CancellationTokenSource();
        var running = new Exchange(WirePlan.Fixed, seed: 1).MakeAsync(first, stop.Token);
        while (server.Model.Running == 0) await Task.Delay(1);
        await using var second = server.Transport();
        var refused = await Assert.ThrowsAsync<Protocol.TailRefusedException>(() => new Exchange(WirePlan.Fixed, seed: 2).MakeAsync(second));
        Assert.Equal(Protocol.RefusalCode.Busy, refused.Code);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    private static async Task<RawUpgrade> BeginAsync(Uri address, string begun)
    {
        var raw = await RawUpgrade.ConnectAsync(address);
        await raw.TrySendAsync(Encoding.ASCII.GetBytes(begun), CancellationToken.None);
        return raw;
    }

    private static async Task WithAsync(int count, Func<Task<RawUpgrade>> open, Func<List<RawUpgrade>, Task> action)
    {
        var all = new List<RawUpgrade>();
        try
        {
            while (all.Count < count) all.Add(await open());
            await action(all);
        }
        finally
        {
            all.ForEach(static raw => raw.Dispose());
        }
    }

    /// <summary>The start of a frame of so many bytes.</summary>
    private static byte[] Giant(long bytes)
    {
        var start = new byte[14];
        (start[0], start[1]) = (Binary, 0xFF);
        BinaryPrimitives.WriteInt64BigEndian(start.AsSpan(2), bytes);
        return start;
    }
}
