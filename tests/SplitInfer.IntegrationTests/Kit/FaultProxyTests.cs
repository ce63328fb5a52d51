using System.Net;
using System.Net.Sockets;
using SplitInfer.Protocol;
using SplitInfer.Testing.Faults;
using SplitInfer.Testing.Wire;

namespace SplitInfer.IntegrationTests.Kit;

/// <summary>Whether the proxy does to bytes and connections what a script says, on sockets without SplitInfer at either end.</summary>
public sealed class FaultProxyTests : IDisposable
{
    private const int HeaderBytes = 6;

    private static readonly TimeSpan FailureLimit = TimeSpan.FromSeconds(60);

    /// <summary>Two frames of 32 + 6 + 10 bytes; the second has the id 2.</summary>
    private static readonly byte[] Sent = [.. Frame(1), .. Frame(2)];

    private readonly TcpListener _server = new(IPAddress.Loopback, 0);

    public FaultProxyTests() => _server.Start();

    public void Dispose() => _server.Dispose();

    [Fact]
    public async Task Without_faults_everything_arrives() => Assert.Equal(Sent, await PassAsync(ConnectionScript.Clean));

    [Fact]
    public async Task A_few_bytes_at_a_time_arrive_as_well() => Assert.Equal(Sent, await PassAsync(new() { DribbleBytes = 7 }));

    [Fact]
    public async Task A_bit_is_flipped_where_the_script_says()
    {
        byte[] expected = [.. Sent];
        expected[Sent.Length / 2 + FrameHeader.Size + HeaderBytes + 3] ^= 0x80;
        Assert.Equal(expected, await PassAsync(Up(Fault.Flip(FaultPoint.Frame(FrameType.Request, FramePart.Payload, 3, nth: 1), bit: 7))));
    }

    [Fact]
    public async Task Bytes_are_left_out() =>
        Assert.Equal((byte[])[.. Sent[..40], .. Sent[45..]], await PassAsync(Up(Fault.Drop(FaultPoint.Byte(40), 5))));

    [Fact]
    public async Task Bytes_pass_twice() =>
        Assert.Equal((byte[])[.. Sent[..25], .. Sent[20..]], await PassAsync(Up(Fault.Duplicate(FaultPoint.Byte(20), 5))));

    [Theory]
    [InlineData(FramePart.Fixed, 0)]
    [InlineData(FramePart.Fixed, 1)]
    [InlineData(FramePart.Header, -1)]
    [InlineData(FramePart.Payload, 1)]
    [InlineData(FramePart.End, -1)]
    [InlineData(FramePart.End, 0)]
    internal async Task A_connection_is_closed_at_a_place_of_a_frame(FramePart part, long offset)
    {
        var start = part switch { FramePart.Fixed => 0, FramePart.Header => FrameHeader.Size, FramePart.Payload => FrameHeader.Size + HeaderBytes, _ => Sent.Length / 2 };
        var expected = (Sent.Length / 2) + start + (int)offset;
        Assert.Equal(Sent[..expected], await PassAsync(Up(Fault.Close(FaultPoint.Frame(FrameType.Request, part, offset, nth: 1)))));
    }

    [Fact]
    public async Task A_connection_is_reset()
    {
        var error = await Assert.ThrowsAsync<SocketException>(() => PassAsync(Up(Fault.Reset(FaultPoint.Byte(10)))));
        Assert.Equal(SocketError.ConnectionReset, error.SocketErrorCode);
    }

    [Fact]
    public async Task After_silence_nothing_arrives_and_nobody_is_told()
    {
        await using var proxy = FaultProxy.Start(new($"tcp://{_server.LocalEndpoint}"));
        var isSilent = new TaskCompletionSource();
        proxy.Script = _ => Up(Fault.Do(FaultPoint.Byte(10), () => Task.FromResult(isSilent.TrySetResult())), Fault.Silence(FaultPoint.Byte(10)));
        using var client = await ConnectAsync(proxy);
        using var server = await _server.AcceptSocketAsync();
        await client.SendAsync(Sent);
        var buffer = new byte[1000];
        Assert.Equal(10, await server.ReceiveAsync(buffer));
        await isSilent.Task.WaitAsync(FailureLimit);
        await server.SendAsync(Sent);
        await client.SendAsync(Sent);
        Assert.False(client.Poll(TimeSpan.FromMilliseconds(50), SelectMode.SelectRead));
        Assert.False(server.Poll(TimeSpan.FromMilliseconds(50), SelectMode.SelectRead));
    }

    [Fact]
    public async Task Connections_are_refused_until_it_listens_again()
    {
        await using var proxy = FaultProxy.Start(new($"tcp://{_server.LocalEndpoint}"));
        proxy.Refuse();
        await Assert.ThrowsAsync<SocketException>(() => ConnectAsync(proxy));
        await proxy.ResumeAsync();
        (await ConnectAsync(proxy)).Dispose();
    }

    [Fact]
    public async Task A_full_backlog_leaves_connections_unanswered()
    {
        await using var proxy = FaultProxy.Start(new($"tcp://{_server.LocalEndpoint}"));
        await proxy.FillBacklogAsync();
        var connecting = ConnectAsync(proxy);
        Assert.NotEqual(connecting, await Task.WhenAny(connecting, Task.Delay(200)));
        await proxy.ResumeAsync();
        (await ConnectAsync(proxy)).Dispose();
    }

    private static ConnectionScript Up(params Fault[] faults) => new() { Up = faults };

    private static byte[] Frame(ulong id) => WirePeer.Frame(FrameType.Request, id, new Protocol.Messages.RequestHeader { Handle = 1, Partition = 2, Codec = 3 }, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);

    private static async Task<Socket> ConnectAsync(FaultProxy proxy)
    {
        var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await client.ConnectAsync(proxy.Address.Host, proxy.Address.Port);
            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>What arrives at the server of <see cref="Sent"/>.</summary>
    private async Task<byte[]> PassAsync(ConnectionScript script)
    {
        await using var proxy = FaultProxy.Start(new($"tcp://{_server.LocalEndpoint}"));
        proxy.Script = _ => script;
        using var client = await ConnectAsync(proxy);
        using var server = await _server.AcceptSocketAsync();
        await client.SendAsync(Sent);
        try
        {
            client.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // The script has ended the connection.
        }

        var arrived = new List<byte>();
        var buffer = new byte[1000];
        using var limit = new CancellationTokenSource(FailureLimit);
        for (int count; (count = await server.ReceiveAsync(buffer, limit.Token)) > 0;) arrived.AddRange(buffer.AsSpan(0, count));
        return [.. arrived];
    }
}
