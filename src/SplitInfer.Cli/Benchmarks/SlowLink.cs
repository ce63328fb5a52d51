using System.Net;
using System.Net.Sockets;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>
/// A link of so many megabits a second to a server: clients connect to <see cref="Address"/> instead. Each direction of a connection passes its bytes on no
/// faster. Ends with its disposal.
/// </summary>
internal sealed class SlowLink : IAsyncDisposable
{
    // Small beside a boundary and large beside the cost of a wait.
    private const int PieceBytes = 16 << 10;

    private static readonly TimeSpan MaxMadeUp = TimeSpan.FromMilliseconds(5);

    private readonly EndPoint _server;
    private readonly double _bytesPerSecond;
    private readonly TimeProvider _time;
    private readonly long _credit;
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;

    /// <summary>Starts a link.</summary>
    /// <param name="server">Where the server listens.</param>
    /// <param name="mbps">Megabits a second, more than 0.</param>
    /// <param name="time">The clock.</param>
    public SlowLink(Uri server, double mbps, TimeProvider time)
    {
        (_bytesPerSecond, _time, _credit) = (mbps * 1e6 / 8, time, (long)(MaxMadeUp.TotalSeconds * time.TimestampFrequency));
        _server = server.Scheme == "unix" ? new UnixDomainSocketEndPoint(server.AbsolutePath) : new DnsEndPoint(server.Host, server.Port);
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        Address = new($"tcp://{_listener.LocalEndPoint}");
        _accepting = AcceptAsync();
    }

    /// <summary>Where clients connect.</summary>
    public Uri Address { get; }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var carrying = new List<Task>();
        try
        {
            while (true) carrying.Add(CarryAsync(await _listener.AcceptAsync(_stop.Token)));
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(carrying);
        }
    }

    private async Task CarryAsync(Socket client)
    {
        using var server = _server is UnixDomainSocketEndPoint ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) : new Socket(SocketType.Stream, ProtocolType.Tcp);
        using (client)
        {
            try
            {
                await server.ConnectAsync(_server, _stop.Token);
                if (server.ProtocolType == ProtocolType.Tcp) server.NoDelay = true;
                client.NoDelay = true;
                // Where one side has ended, so has the connection.
                await Task.WhenAny(PassAsync(client, server), PassAsync(server, client));
            }
            catch (Exception error) when (error is OperationCanceledException or SocketException)
            {
                // The client sees its connection end, and tries again if it wants to.
            }
        }
    }

    private async Task PassAsync(Socket from, Socket to)
    {
        var piece = new byte[PieceBytes];
        var free = _time.GetTimestamp();
        try
        {
            while (await from.ReceiveAsync(piece, SocketFlags.None, _stop.Token) is var count and > 0)
            {
                // The link is free again when what was sent has passed. A wait that was too long is made up for.
                var now = _time.GetTimestamp();
                free = Math.Max(free, now - _credit) + (long)(count / _bytesPerSecond * _time.TimestampFrequency);
                if (_time.GetElapsedTime(now, free) is var wait && wait > TimeSpan.FromMilliseconds(1)) await Task.Delay(wait, _time, _stop.Token);
                for (var sent = 0; sent < count;) sent += await to.SendAsync(piece.AsMemory(sent, count - sent), SocketFlags.None, _stop.Token);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // It ended, on either side.
        }
    }
}
