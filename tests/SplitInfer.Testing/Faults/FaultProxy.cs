using System.Net;
using System.Net.Sockets;

namespace SplitInfer.Testing.Faults;

/// <summary>
/// Stands between a client and a server, over the same kind of socket, and does to each connection what a script says. The script, the server
/// behind it and whether it listens can change while it runs. Thread-safe.
/// </summary>
internal sealed class FaultProxy : IAsyncDisposable
{
    // Connections that must be left unanswered, each for so long, before the backlog counts as full.
    private const int Unanswered = 3;
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(0.1);

    private readonly Lock _gate = new();
    private readonly Dictionary<FaultConnection, Task> _connections = [];
    private readonly List<Socket> _fillers = [];
    private readonly EndPoint _endpoint;
    private Socket _listener;
    private Task _accepting;
    private Task[] _waiting = [];
    private int _accepted;
    private int _fired;

    private FaultProxy(Uri target, IPEndPoint? at)
    {
        Target = target;
        _endpoint = at is not null ? at : target.Scheme == "unix" ? new UnixDomainSocketEndPoint(Path.Combine(Path.GetTempPath(), Path.GetRandomFileName())) : new IPEndPoint(IPAddress.Loopback, 0);
        _listener = Listen(_endpoint);
        if (target.Scheme != "unix") _endpoint = _listener.LocalEndPoint!;
        Address = new($"{target.Scheme}://{_endpoint}{(target.Scheme is "ws" or "wss" ? target.PathAndQuery : "")}");
        _accepting = AcceptAsync(_listener);
    }

    /// <summary>Where clients connect.</summary>
    public Uri Address { get; }

    /// <summary>The server that new connections go to.</summary>
    public Uri Target { get; set; }

    /// <summary>What happens to new connections, by their number from 0.</summary>
    public Func<int, ConnectionScript> Script { get; set; } = static _ => ConnectionScript.Clean;

    /// <summary>Connections that were accepted so far.</summary>
    public int Accepted => Volatile.Read(ref _accepted);

    /// <summary>Faults that have come about so far: those of scripts, those that <see cref="Inflict"/> brought, and bytes that silence swallowed.</summary>
    public int Fired => Volatile.Read(ref _fired);

    /// <summary>Whether the system has left those unanswered who asked for a connection since <see cref="FillBacklogAsync"/>.</summary>
    public bool IsBacklogFull => _waiting is { Length: > 0 } waiting && Array.TrueForAll(waiting, static one => !one.IsCompleted);

    /// <summary>Starts one.</summary>
    /// <param name="target">The server.</param>
    /// <param name="at">Where it listens; a free port of the loopback interface, or a new socket, unless given.</param>
    public static FaultProxy Start(Uri target, IPEndPoint? at = null) => new(target, at);

    /// <summary>Refuses new connections until <see cref="ResumeAsync"/>.</summary>
    public void Refuse()
    {
        _listener.Dispose();
        if (_endpoint is UnixDomainSocketEndPoint) File.Delete(_endpoint.ToString()!);
    }

    /// <summary>Leaves new connections unanswered until <see cref="ResumeAsync"/>: the system holds as many as it does, and then drops what asks for one. TCP only.</summary>
    public async Task FillBacklogAsync()
    {
        _listener.Dispose();
        await _accepting;
        _listener = Listen(_endpoint, backlog: 0);
        // One that is slow to be answered is no proof; none of several is answered once there is no place left.
        var waiting = new List<Task>();
        while (waiting.Count < Unanswered)
        {
            var filler = new Socket(_endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            _fillers.Add(filler);
            waiting.Add(filler.ConnectAsync(_endpoint));
            await Task.WhenAny(waiting[^1], Task.Delay(AnswerLimit));
            if (waiting.Exists(static one => one.IsCompleted)) waiting.Clear();
        }

        _waiting = [.. waiting];
    }

    /// <summary>Accepts connections again.</summary>
    public async Task ResumeAsync()
    {
        _listener.Dispose();
        await _accepting;
        await ReleaseBacklogAsync();
        _listener = Listen(_endpoint);
        _accepting = AcceptAsync(_listener);
    }

    /// <summary>Brings a fault to the connections that are there, of which there must be one.</summary>
    public void Inflict(Action<FaultConnection> fault)
    {
        lock (_gate)
        {
            if (_connections.Count == 0) throw new InvalidOperationException("There is no connection to bring the fault to.");
            foreach (var connection in _connections.Keys.ToArray())
            {
                fault(connection);
                Interlocked.Increment(ref _fired);
            }
        }
    }

    /// <summary>Does something to the connections that are there.</summary>
    public void ForEach(Action<FaultConnection> action)
    {
        lock (_gate)
        {
            foreach (var connection in _connections.Keys.ToArray()) action(connection);
        }
    }

    /// <summary>Resets all connections and stops listening.</summary>
    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting;
        await ReleaseBacklogAsync();
        ForEach(static connection => connection.Reset());
        Task[] ending;
        lock (_gate) ending = [.. _connections.Values];
        await Task.WhenAll(ending);
        if (_endpoint is UnixDomainSocketEndPoint) File.Delete(_endpoint.ToString()!);
    }

    private async Task ReleaseBacklogAsync()
    {
        _fillers.ForEach(static filler => filler.Dispose());
        _fillers.Clear();
        await ((Task)Task.WhenAll(_waiting)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _waiting = [];
    }

    private static Socket Listen(EndPoint endpoint, int backlog = 512)
    {
        var socket = NewSocket(endpoint);
        if (endpoint is IPEndPoint) socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        else File.Delete(endpoint.ToString()!);
        socket.Bind(endpoint);
        socket.Listen(backlog);
        return socket;
    }

    private static Socket NewSocket(EndPoint endpoint) => endpoint is IPEndPoint
        ? new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true }
        : new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    private async Task AcceptAsync(Socket listener)
    {
        try
        {
            while (true) await ConnectAsync(await listener.AcceptAsync());
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // It does not listen any more.
        }
    }

    private async Task ConnectAsync(Socket client)
    {
        var script = Script(Interlocked.Increment(ref _accepted) - 1);
        EndPoint target = Target.Scheme == "unix" ? new UnixDomainSocketEndPoint(Target.LocalPath) : new IPEndPoint(IPAddress.Parse(Target.Host), Target.Port);
        var server = NewSocket(target);
        var connection = new FaultConnection(client, server, script, () => Interlocked.Increment(ref _fired));
        try
        {
            if (client.ProtocolType == ProtocolType.Tcp) client.NoDelay = true;
            if (script.AtConnect == ConnectFault.None) await server.ConnectAsync(target);
        }
        catch (SocketException)
        {
            connection.Reset();
        }

        if (script.AtConnect != ConnectFault.None) Interlocked.Increment(ref _fired);
        switch (script.AtConnect)
        {
            case ConnectFault.Reset:
                connection.Reset();
                break;
            case ConnectFault.Close:
                connection.End();
                break;
        }

        lock (_gate) _connections.Add(connection, CarryAsync(connection, script.AtConnect == ConnectFault.BlackHole));
    }

    private async Task CarryAsync(FaultConnection connection, bool isBlackHole)
    {
        // The caller holds the gate, and enters the connection only after this has started.
        await Task.Yield();
        await (isBlackHole ? connection.SwallowAsync() : connection.CarryAsync());
        lock (_gate) _connections.Remove(connection);
        connection.Dispose();
    }
}
