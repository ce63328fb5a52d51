using System.Net;
using System.Net.Sockets;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Testing.Wire;

namespace SplitInfer.IntegrationTests.Faults;

/// <summary>A server that accepts every model and answers every request with what a test says, well formed or not.</summary>
internal sealed class ReplyServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<ReceivedFrame, byte[]> _reply;
    private readonly List<WirePeer> _peers = [];
    private readonly Lock _gate = new();
    private readonly Task _accepting;
    private int _requests;

    /// <param name="reply">The bytes that a request is answered with.</param>
    public ReplyServer(Func<ReceivedFrame, byte[]> reply)
    {
        _reply = reply;
        _listener.Start();
        Address = new($"tcp://{_listener.LocalEndpoint}");
        _accepting = AcceptAsync();
    }

    /// <summary>Where it listens.</summary>
    public Uri Address { get; }

    /// <summary>Requests that it was sent.</summary>
    public int Requests => Volatile.Read(ref _requests);

    /// <summary>What it says of the model that is opened.</summary>
    public ModelOpened Opened { get; init; } = new() { Version = "1" };

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _accepting;
        lock (_gate) _peers.ForEach(static peer => peer.Dispose());
        _listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var peer = new WirePeer(new NetworkStream(await _listener.AcceptSocketAsync(), ownsSocket: true));
                lock (_gate) _peers.Add(peer);
                _ = Task.Run(() => ServeAsync(peer));
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // It was stopped.
        }
    }

    private async Task ServeAsync(WirePeer peer)
    {
        try
        {
            while (await peer.ReceiveAsync() is { } frame)
            {
                switch (frame.Header.Type)
                {
                    case FrameType.Hello:
                        await peer.SendAsync(FrameType.Welcome, 0, new Welcome { Version = ProtocolVersion.Newest, Codecs = { "Raw" }, MaxInFlight = 8, MaxBoundaryBytes = 1 << 30, MaxOpenModels = 4 });
                        break;
                    case FrameType.OpenModel:
                        await peer.SendAsync(FrameType.ModelOpened, frame.Header.RequestId, Opened);
                        break;
                    case FrameType.Ping:
                        await peer.SendAsync(FrameType.Pong, frame.Header.RequestId);
                        break;
                    case FrameType.Request:
                        Interlocked.Increment(ref _requests);
                        await peer.SendAsync(_reply(frame));
                        break;
                }
            }
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException or ProtocolException)
        {
            // The client has ended it.
        }
    }
}
