using System.Net;
using System.Net.Sockets;

namespace SplitInfer.Testing.Link;

/// <summary>
/// A link of given bandwidth and delay to a server: clients connect to <see cref="Address"/> instead. All connections share the
/// bandwidth. Its conditions can change, and it can go down, while it is used. Thread-safe.
/// </summary>
public sealed class ShapedLink : IAsyncDisposable
{
    private readonly Uri _target;
    private readonly TimeProvider _time;
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly LinkDirection _up;
    private readonly LinkDirection _down;
    private readonly Lock _gate = new();
    private readonly Dictionary<LinkConnection, Task> _connections = [];
    private readonly Task _accepting;
    private bool _isUp = true;

    private ShapedLink(Uri target, LinkConditions conditions, TimeProvider time)
    {
        (_target, _time, _up, _down) = (target, time, new(time, conditions), new(time, conditions));
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        Address = new($"{target.Scheme}://{_listener.LocalEndPoint}");
        _accepting = AcceptAsync();
    }

    /// <summary>Where clients connect.</summary>
    public Uri Address { get; }

    /// <summary>What the link is like at the moment.</summary>
    public LinkConditions Conditions
    {
        get => _up.Conditions;
        set => (_up.Conditions, _down.Conditions) = (value, value);
    }

    /// <summary>Whether the link works. Going down resets its connections, and new ones are reset until it is up again.</summary>
    public bool IsUp
    {
        get
        {
            lock (_gate) return _isUp;
        }

        set
        {
            lock (_gate)
            {
                _isUp = value;
                if (value) return;
                foreach (var connection in _connections.Keys.ToArray()) connection.Sever();
            }
        }
    }

    /// <summary>Bytes that have arrived at the server.</summary>
    public long BytesUp => _up.Bytes;

    /// <summary>Bytes that have arrived at clients.</summary>
    public long BytesDown => _down.Bytes;

    /// <summary>Starts a link.</summary>
    /// <param name="target">The server, as scheme, address and port.</param>
    /// <param name="conditions">What the link is like to begin with.</param>
    /// <param name="time">The clock; the system's unless given.</param>
    public static ShapedLink Start(Uri target, LinkConditions conditions, TimeProvider? time = null) => new(target, conditions, time ?? TimeProvider.System);

    /// <summary>Goes through phases, one after the other; the last one's conditions stay.</summary>
    public async Task PlayAsync(IEnumerable<LinkPhase> phases, CancellationToken cancellationToken = default)
    {
        foreach (var phase in phases)
        {
            Conditions = phase.Conditions;
            await Task.Delay(phase.Duration, _time, cancellationToken);
        }
    }

    /// <summary>Resets all connections and stops listening.</summary>
    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting;
        IsUp = false;
        Task[] ending;
        lock (_gate) ending = [.. _connections.Values];
        await Task.WhenAll(ending);
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) await ConnectAsync(await _listener.AcceptAsync());
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The link was disposed.
        }
    }

    private async Task ConnectAsync(Socket client)
    {
        var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        var connection = new LinkConnection(client, server);
        try
        {
            await server.ConnectAsync(_target.Host, _target.Port);
            (client.NoDelay, server.NoDelay) = (true, true);
        }
        catch (SocketException)
        {
            connection.Sever();
        }

        lock (_gate)
        {
            if (!_isUp) connection.Sever();
            _connections.Add(connection, CarryAsync(connection));
        }
    }

    private async Task CarryAsync(LinkConnection connection)
    {
        // The caller holds the gate, and enters the connection only after this has started.
        await Task.Yield();
        await connection.CarryAsync(_up, _down);
        lock (_gate) _connections.Remove(connection);
        connection.Dispose();
    }
}
