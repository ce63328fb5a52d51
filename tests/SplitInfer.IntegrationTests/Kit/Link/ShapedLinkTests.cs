using System.Net;
using System.Net.Sockets;
using SplitInfer.Testing.Link;

namespace SplitInfer.IntegrationTests.Kit.Link;

/// <summary>Real sockets through a shaped link whose clock the test moves, so that what is counted is bytes for virtual time.</summary>
public sealed class ShapedLinkTests : IAsyncLifetime, IDisposable
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(1);

    private readonly CountingTimeProvider _time = new();
    private readonly Socket _server = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private ShapedLink _link = null!;

    public Task InitializeAsync()
    {
        _server.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _server.Listen();
        _link = ShapedLink.Start(new($"tcp://{_server.LocalEndPoint}"), LinkConditions.Unlimited, _time);
        return Task.CompletedTask;
    }

    public Task DisposeAsync() => _link.DisposeAsync().AsTask();

    public void Dispose() => _server.Dispose();

    [Theory]
    [InlineData(4)]
    [InlineData(50)]
    public async Task Bytes_arrive_whole_and_no_faster_than_the_rate(double mbps)
    {
        const int Bytes = 300_000;
        _link.Conditions = LinkConditions.Of(mbps);
        using var client = await ConnectAsync();
        using var peer = await _server.AcceptAsync();
        var sent = new byte[Bytes];
        new Random(1).NextBytes(sent);
        var sending = SendAsync(client, sent);
        var received = ReceiveAsync(peer, Bytes);
        var milliseconds = 0;
        while (!received.IsCompleted)
        {
            // Time passes only while the line is busy, however slow this machine is.
            if (_time.ActiveTimers > 0)
            {
                _time.Advance(Step);
                milliseconds++;
            }
            else
            {
                await Task.Delay(1);
            }

            Assert.True(_link.BytesUp <= 2048 + milliseconds * mbps * 125 + 1, $"{_link.BytesUp} bytes after {milliseconds} ms");
        }

        await sending;
        Assert.Equal(sent, await received);
        Assert.InRange(milliseconds, (Bytes - 2048) / (mbps * 125), 1.25 * Bytes / (mbps * 125));
    }

    [Fact]
    public async Task A_delay_holds_bytes_back_in_both_directions()
    {
        _link.Conditions = LinkConditions.Of(double.PositiveInfinity, rttMs: 200);
        using var client = await ConnectAsync();
        using var peer = await _server.AcceptAsync();
        await CrossAsync(client, peer, () => _link.BytesUp);
        await CrossAsync(peer, client, () => _link.BytesDown);
    }

    [Fact]
    public async Task The_end_of_one_direction_is_passed_on_and_the_other_goes_on()
    {
        using var client = await ConnectAsync();
        using var peer = await _server.AcceptAsync();
        client.Shutdown(SocketShutdown.Send);
        Assert.Empty(await ReceiveAsync(peer, 1));
        await SendAsync(peer, [7]);
        Assert.Equal([7], await ReceiveAsync(client, 1));
    }

    [Fact]
    public async Task A_link_that_goes_down_resets_its_connections_and_takes_new_ones_when_it_is_up()
    {
        using var client = await ConnectAsync();
        using var peer = await _server.AcceptAsync();
        await SendAsync(client, [1]);
        await ReceiveAsync(peer, 1);

        _link.IsUp = false;
        await Assert.ThrowsAsync<SocketException>(() => ReceiveAsync(client, 1));
        await Assert.ThrowsAsync<SocketException>(() => ReceiveAsync(peer, 1));
        await Assert.ThrowsAsync<SocketException>(async () =>
        {
            // The reset may come before the connection is seen to be there.
            using var refused = await ConnectAsync();
            await ReceiveAsync(refused, 1);
        });
        (await _server.AcceptAsync()).Dispose();

        _link.IsUp = true;
        using var again = await ConnectAsync();
        using var peerAgain = await _server.AcceptAsync();
        await SendAsync(again, [2]);
        Assert.Equal([2], await ReceiveAsync(peerAgain, 1));
    }

    [Fact]
    public async Task Phases_follow_each_other_and_the_last_one_stays()
    {
        LinkPhase[] phases = [new(TimeSpan.FromSeconds(2), LinkConditions.Of(50)), new(TimeSpan.FromSeconds(2), LinkConditions.Of(4))];
        var playing = _link.PlayAsync(phases);
        Assert.Equal(phases[0].Conditions, _link.Conditions);
        _time.Advance(TimeSpan.FromSeconds(1.9));
        Assert.Equal(phases[0].Conditions, _link.Conditions);
        _time.Advance(TimeSpan.FromSeconds(0.1));
        while (_time.ActiveTimers == 0) await Task.Delay(1);
        _time.Advance(TimeSpan.FromSeconds(2));
        await playing;
        Assert.Equal(phases[1].Conditions, _link.Conditions);
    }

    private async Task CrossAsync(Socket from, Socket to, Func<long> arrived)
    {
        await SendAsync(from, [1, 2, 3]);
        while (_time.ActiveTimers == 0) await Task.Delay(1);
        _time.Advance(TimeSpan.FromMilliseconds(99));
        Assert.Equal(0, arrived());
        _time.Advance(Step);
        Assert.Equal([1, 2, 3], await ReceiveAsync(to, 3));
    }

    private async Task<Socket> ConnectAsync()
    {
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(_link.Address.Host, _link.Address.Port);
        return client;
    }

    private static async Task SendAsync(Socket socket, byte[] bytes)
    {
        for (var sent = 0; sent < bytes.Length;) sent += await socket.SendAsync(bytes.AsMemory(sent));
    }

    /// <summary>As many bytes as there are before the end, at most those asked for.</summary>
    private static async Task<byte[]> ReceiveAsync(Socket socket, int bytes)
    {
        var buffer = new byte[bytes];
        var length = 0;
        while (length < bytes && await socket.ReceiveAsync(buffer.AsMemory(length)) is > 0 and var more) length += more;
        return buffer[..length];
    }
}
