using System.Net;
using System.Net.Sockets;
using SplitInfer.Emulation;
using SplitInfer.IntegrationTests.Kit;

namespace SplitInfer.IntegrationTests.Emulation;

/// <summary>Real sockets over an emulated link whose clock the test moves, so that what is counted is bytes for virtual time.</summary>
public sealed class EmulatedLinkTests : IAsyncLifetime, IDisposable
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(1);

    private readonly CountingTimeProvider _time = new();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly List<IDisposable> _open = [];
    private EmulatedLink _link = null!;

    public Task InitializeAsync()
    {
        _listener.Start();
        _link = new(LinkConditions.Unlimited, _time);
        return Task.CompletedTask;
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose()
    {
        foreach (var open in _open) open.Dispose();
        _listener.Dispose();
    }

    [Theory]
    [InlineData(4, true)]
    [InlineData(50, true)]
    [InlineData(4, false)]
    public async Task Bytes_arrive_whole_and_no_faster_than_the_rate(double mbps, bool isUp)
    {
        const int Bytes = 300_000;
        _link.Conditions = new(mbps, TimeSpan.Zero);
        var (client, peer) = await ConnectAsync();
        var sent = new byte[Bytes];
        new Random(1).NextBytes(sent);
        var sending = (isUp ? client : peer).WriteAsync(sent).AsTask();
        var received = ReceiveAsync(isUp ? peer : client, Bytes);
        var milliseconds = await AdvanceUntilAsync(() => received.IsCompleted);
        await sending;
        Assert.Equal(sent, await received);
        Assert.Equal(Bytes, isUp ? _link.BytesUp : _link.BytesDown);
        // A wait rounds to a whole millisecond, which the next one makes up for.
        Assert.InRange(milliseconds, (Bytes / (mbps * 125)) - 1, 1.1 * Bytes / (mbps * 125));
    }

    [Fact]
    public async Task Connections_share_the_bandwidth()
    {
        const int Bytes = 100_000;
        _link.Conditions = new(Mbps: 8, TimeSpan.Zero);
        var ((first, firstPeer), (second, secondPeer)) = (await ConnectAsync(), await ConnectAsync());
        Task[] sending = [first.WriteAsync(new byte[Bytes]).AsTask(), second.WriteAsync(new byte[Bytes]).AsTask()];
        var received = Task.WhenAll(ReceiveAsync(firstPeer, Bytes), ReceiveAsync(secondPeer, Bytes));
        Assert.InRange(await AdvanceUntilAsync(() => received.IsCompleted), 199, 220);
        await Task.WhenAll(sending);
    }

    [Fact]
    public async Task A_reply_comes_a_round_trip_later()
    {
        _link.Conditions = new(double.PositiveInfinity, TimeSpan.FromMilliseconds(200));
        var (client, peer) = await ConnectAsync();
        await client.WriteAsync(new byte[] { 1, 2, 3 });
        Assert.Equal([1, 2, 3], await ReceiveAsync(peer, 3));
        await peer.WriteAsync(new byte[] { 4, 5 });
        var reply = ReceiveAsync(client, 2);
        while (_time.ActiveTimers == 0) await Task.Delay(1);
        _time.Advance(TimeSpan.FromMilliseconds(199));
        Assert.False(reply.IsCompleted);
        _time.Advance(Step);
        Assert.Equal([4, 5], await reply);
    }

    [Fact]
    public async Task A_link_that_worsens_slows_what_is_on_its_way()
    {
        const int Bytes = 100_000;
        _link.Conditions = new(Mbps: 8, TimeSpan.Zero);
        var (client, peer) = await ConnectAsync();
        var sending = client.WriteAsync(new byte[Bytes]).AsTask();
        var received = ReceiveAsync(peer, Bytes);
        var milliseconds = await AdvanceUntilAsync(() => _link.BytesUp >= Bytes / 2);
        _link.Conditions = new(Mbps: 1, TimeSpan.Zero);
        milliseconds += await AdvanceUntilAsync(() => received.IsCompleted);
        await Task.WhenAll(sending, received);
        Assert.InRange(milliseconds, 50 + (8 * 40), 50 + (8 * 55));
    }

    [Fact]
    public async Task A_stream_that_is_disposed_ends_its_reads_and_writes()
    {
        _link.Conditions = new(Mbps: 0.001, TimeSpan.Zero);
        var (client, _) = await ConnectAsync();
        var reading = client.ReadAsync(new byte[1]).AsTask();
        var writing = client.WriteAsync(new byte[1000]).AsTask();
        client.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => reading);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => writing);
    }

    [Fact]
    public async Task The_end_of_the_connection_is_the_end_of_the_stream()
    {
        var (client, peer) = await ConnectAsync();
        peer.Dispose();
        Assert.Equal(0, await client.ReadAsync(new byte[1]));
    }

    [Fact]
    public async Task Phases_follow_each_other_and_the_last_one_stays()
    {
        LinkPhase[] phases = [new(TimeSpan.FromSeconds(2), new(50, TimeSpan.Zero)), new(TimeSpan.FromSeconds(2), new(4, TimeSpan.Zero))];
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

    [Theory]
    [InlineData(0, 1)]
    [InlineData(double.NaN, 1)]
    [InlineData(1, -1)]
    public void Conditions_are_those_of_a_link(double mbps, int roundTrip)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new EmulatedLink(new(mbps, TimeSpan.FromSeconds(roundTrip))));
        Assert.Throws<ArgumentOutOfRangeException>(() => _link.Conditions = new(mbps, TimeSpan.FromSeconds(roundTrip)));
    }

    /// <summary>Time passes only while the line is busy, however slow this machine is.</summary>
    private async Task<int> AdvanceUntilAsync(Func<bool> isOver)
    {
        var milliseconds = 0;
        while (!isOver())
        {
            if (_time.ActiveTimers > 0)
            {
                _time.Advance(Step);
                milliseconds++;
            }
            else
            {
                await Task.Delay(1);
            }
        }

        return milliseconds;
    }

    private async Task<(Stream Client, Stream Peer)> ConnectAsync()
    {
        var client = new TcpClient();
        _open.Add(client);
        await client.ConnectAsync((IPEndPoint)_listener.LocalEndpoint);
        var peer = await _listener.AcceptTcpClientAsync();
        _open.Add(peer);
        var stream = _link.Wrap(client.GetStream());
        _open.Add(stream);
        return (stream, peer.GetStream());
    }

    private static async Task<byte[]> ReceiveAsync(Stream stream, int bytes)
    {
        var buffer = new byte[bytes];
        await stream.ReadExactlyAsync(buffer);
        return buffer;
    }
}
