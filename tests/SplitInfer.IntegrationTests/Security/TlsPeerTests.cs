using System.Net.Security;
using System.Security.Authentication;
using Microsoft.Extensions.Time.Testing;
using SplitInfer.Client.Transport;
using SplitInfer.IntegrationTests.Transport;
using SplitInfer.Protocol;
using SplitInfer.Testing.Wire;

namespace SplitInfer.IntegrationTests.Security;

/// <summary>Peers that speak something else than TLS 1.3, or nothing.</summary>
public sealed class TlsPeerTests
{
    [Theory]
    [InlineData(SslProtocols.Tls12, false)]
    [InlineData(SslProtocols.Tls13, true)]
    public async Task Only_TLS_1_3_is_spoken(SslProtocols protocol, bool isSpoken)
    {
        await using var server = new SecureServer();
        await using var stream = new SslStream(await server.ConnectRawAsync());
        var shaking = stream.AuthenticateAsClientAsync(server.OtherClient(protocol));
        if (isSpoken) await shaking;
        else Assert.True(await Record.ExceptionAsync(() => shaking) is AuthenticationException or IOException);
        if (!isSpoken) await server.Log.FirstAsync("HandshakeFailed");
        await server.ExchangeAsync();
    }

    [Fact]
    public async Task A_client_without_TLS_is_turned_away_and_told_what_it_met()
    {
        await using var server = new SecureServer();
        var plain = new Uri($"tcp://127.0.0.1:{server.Address.Port}");
        await using var transport = server.Transport(address: plain);
        var error = await Assert.ThrowsAnyAsync<SplitInferException>(() => new Exchange(WirePlan.Fixed, seed: 1).MakeAsync(transport));
        Assert.True(error is ProtocolException or ServerUnreachableException);
        Assert.Contains("tls://", error.Message, StringComparison.Ordinal);
        Assert.Contains("use tls:// there", await server.Log.FirstAsync("HandshakeFailed"), StringComparison.Ordinal);
        await server.ExchangeAsync();
    }

    [Fact]
    public async Task A_client_with_TLS_does_not_do_without_it_at_a_server_that_has_none()
    {
        await using var server = new SecureServer(scheme: "tcp");
        var message = await server.RefusalAsync(address: new($"tls://127.0.0.1:{server.Address.Port}"));
        Assert.Contains("No secure connection", message, StringComparison.Ordinal);
        Assert.Contains("it is then tcp://", message, StringComparison.Ordinal);
        Assert.Contains("speaks TLS", await server.Log.FirstAsync("ProtocolBroken"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(100)]
    public async Task Handshakes_that_stall_hold_no_one_up_and_end_in_time(int bytes)
    {
        var time = new FakeTimeProvider();
        await using var server = new SecureServer(time: time);
        var hello = await ClientHelloAsync();
        var stalled = new List<Stream>();
        for (var i = 0; i < 50; i++)
        {
            stalled.Add(await server.ConnectRawAsync());
            await stalled[i].WriteAsync(hello.AsMemory(0, bytes));
        }

        await server.ExchangeAsync();
        time.Advance(new Server.ServerLimits().HandshakeTimeout);
        foreach (var stream in stalled)
        {
            await RequireEndAsync(stream);
            await stream.DisposeAsync();
        }

        await server.ExchangeAsync();
    }

    [Fact]
    public async Task Garbage_ends_its_own_connection_and_nothing_else()
    {
        const int Attempts = 400;
        await using var server = new SecureServer();
        await using var polite = server.Transport();
        var (random, hello) = (new Random(15), await ClientHelloAsync());
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            await using var stream = await server.ConnectRawAsync();
            try
            {
                await stream.WriteAsync(Garbage(random, hello));
                stream.Socket.Shutdown(System.Net.Sockets.SocketShutdown.Send);
            }
            catch (Exception exception) when (exception is IOException or System.Net.Sockets.SocketException)
            {
                // It has hung up already.
            }

            await RequireEndAsync(stream);
            if (attempt % 50 == 0) await new Exchange(WirePlan.Fixed, attempt).MakeAsync(polite);
        }

        await server.ExchangeAsync();
        Assert.Empty(server.Log.Of("ConnectionFailed"));
    }

    /// <summary>Random bytes, or what a client says first with some bytes changed, cut or repeated.</summary>
    private static byte[] Garbage(Random random, byte[] hello)
    {
        if (random.Next(4) == 0)
        {
            var noise = new byte[random.Next(1, 20_000)];
            random.NextBytes(noise);
            return noise;
        }

        var changed = hello.ToArray();
        for (var changes = random.Next(1, 8); changes > 0; changes--) changed[random.Next(random.Next(2) == 0 ? 16 : changed.Length)] = (byte)random.Next(256);
        return random.Next(3) switch
        {
            0 => changed[..random.Next(changed.Length)],
            1 => [.. changed, .. changed],
            _ => changed,
        };
    }

    /// <summary>What a client says first.</summary>
    private static async Task<byte[]> ClientHelloAsync()
    {
        var (near, far) = DuplexStream.CreatePair(capacity: 1 << 16);
        await using var stream = new SslStream(near);
        _ = stream.AuthenticateAsClientAsync("localhost").ContinueWith(static failed => _ = failed.Exception, TaskScheduler.Default);
        var hello = new byte[1 << 14];
        var count = await far.ReadAsync(hello);
        await far.DisposeAsync();
        return hello[..count];
    }

    private static async Task RequireEndAsync(Stream stream)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var rest = new byte[4096];
        try
        {
            while (await stream.ReadAsync(rest, limit.Token) > 0) { }
        }
        catch (IOException)
        {
            // A reset is an end as well.
        }
    }
}
