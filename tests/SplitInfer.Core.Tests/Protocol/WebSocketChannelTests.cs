using System.Net.WebSockets;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Endpoints.WebSockets;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Core.Tests.Protocol;

/// <summary>A stream of bytes out of messages, whose ends mean nothing.</summary>
public sealed class WebSocketChannelTests : IDisposable
{
    // Only for tests that fail: what does not come about in this time never will.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly WebSocket _peer;
    private readonly WebSocketChannel _channel;

    public WebSocketChannelTests()
    {
        var (client, server) = DuplexStream.CreatePair();
        _peer = WebSocket.CreateFromStream(client, new WebSocketCreationOptions());
        _channel = new(WebSocket.CreateFromStream(server, new WebSocketCreationOptions { IsServer = true }));
    }

    public void Dispose()
    {
        _channel.Abort();
        _peer.Dispose();
    }

    [Fact]
    public async Task Bytes_come_in_order_however_messages_divide_them()
    {
        var random = new Random(7);
        var bytes = new byte[50_000];
        random.NextBytes(bytes);
        var sending = Task.Run(async () =>
        {
            for (var at = 0; at < bytes.Length;)
            {
                // Of all sizes, the empty one included, in one part and in several.
                var count = Math.Min(bytes.Length - at, random.Next(4) switch { 0 => 0, 1 => 1, 2 => random.Next(200), _ => random.Next(9000) });
                await _peer.SendAsync(bytes.AsMemory(at, count), WebSocketMessageType.Binary, endOfMessage: random.Next(2) == 0, CancellationToken.None);
                at += count;
            }

            await _peer.SendAsync(ReadOnlyMemory<byte>.Empty, WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None);
            await _peer.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        });
        var (received, target) = (new List<byte>(), new byte[777]);
        for (int count; (count = await _channel.ReceiveAsync(target)) > 0;) received.AddRange(target.AsSpan(0, count));
        await sending;
        Assert.Equal(bytes, received);
    }

    [Fact]
    public async Task What_is_sent_arrives_as_binary_messages()
    {
        await _channel.SendAsync(new byte[] { 1, 2, 3 });
        var target = new byte[10];
        var received = await _peer.ReceiveAsync(target.AsMemory(), CancellationToken.None);
        Assert.Equal((3, WebSocketMessageType.Binary, true), (received.Count, received.MessageType, received.EndOfMessage));
        Assert.Equal(new byte[] { 1, 2, 3 }, target[..3]);
        Assert.Equal(0, _channel.TrySend(new byte[] { 4 }, default));
    }

    [Fact]
    public async Task A_text_message_breaks_the_rules_and_the_close_says_so()
    {
        await _peer.SendAsync("hello"u8.ToArray().AsMemory(), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        var error = await Assert.ThrowsAsync<ProtocolException>(async () => await _channel.ReceiveAsync(new byte[10]));
        Assert.Contains("text message", error.Message, StringComparison.Ordinal);
        _channel.EndSending();
        Assert.Equal(WebSocketMessageType.Close, (await _peer.ReceiveAsync(new byte[10].AsMemory(), CancellationToken.None)).MessageType);
        Assert.Equal(WebSocketCloseStatus.InvalidMessageType, _peer.CloseStatus);
    }

    [Fact]
    public async Task Disposing_says_goodbye_and_is_over_when_the_other_end_has_answered()
    {
        var receiving = _channel.ReceiveAsync(new byte[10]);
        _channel.Dispose();
        Assert.Equal(WebSocketMessageType.Close, (await _peer.ReceiveAsync(new byte[10].AsMemory(), CancellationToken.None)).MessageType);
        Assert.Equal(WebSocketCloseStatus.NormalClosure, _peer.CloseStatus);
        Assert.False(_channel.Closed.IsCompleted);
        await _peer.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await receiving);
        await _channel.Closed.WaitAsync(Patience);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await _channel.ReceiveAsync(new byte[10]));
        Assert.True(FrameConnection.IsLoss(await Assert.ThrowsAnyAsync<Exception>(async () => await _channel.SendAsync(new byte[10]))));
    }

    [Fact]
    public async Task Disposing_does_not_wait_for_ever_for_a_peer_that_has_gone()
    {
        var receiving = _channel.ReceiveAsync(new byte[10]);
        _channel.Dispose();
        _channel.Dispose();
        await _channel.Closed.WaitAsync(Patience);
        Assert.True(FrameConnection.IsLoss(await Assert.ThrowsAnyAsync<Exception>(async () => await receiving)));
    }

    [Fact]
    public async Task Disposing_takes_what_is_still_on_its_way()
    {
        for (var i = 0; i < 10; i++) await _peer.SendAsync(new byte[1000].AsMemory(), WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None);
        _channel.Dispose();
        await _peer.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None).WaitAsync(Patience);
        await _channel.Closed.WaitAsync(Patience);
        Assert.Equal(WebSocketState.Closed, _peer.State);
    }

    [Fact]
    public async Task An_abort_ends_a_receiver_though_the_other_end_says_nothing()
    {
        var receiving = _channel.ReceiveAsync(new byte[10]);
        _channel.Abort();
        Assert.True(FrameConnection.IsLoss(await Assert.ThrowsAnyAsync<Exception>(async () => await receiving)));
        await _channel.Closed.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_peer_that_leaves_without_goodbye_is_a_loss_and_no_end()
    {
        _peer.Abort();
        Assert.True(FrameConnection.IsLoss(await Assert.ThrowsAnyAsync<Exception>(async () => await _channel.ReceiveAsync(new byte[10]))));
    }
}
