using System.Net.Sockets;

namespace SplitInfer.Testing.Faults;

/// <summary>One connection through a <see cref="FaultProxy"/>: the socket of the client and that of the server.</summary>
internal sealed class FaultConnection : IDisposable
{
    private readonly Socket _client;
    private readonly Socket _server;
    private readonly CancellationTokenSource _ended = new();
    private readonly FaultDirection _up;
    private readonly FaultDirection _down;

    /// <param name="client">The socket of the client.</param>
    /// <param name="server">That of the server.</param>
    /// <param name="script">What happens.</param>
    /// <param name="onFired">Called whenever something of it has happened.</param>
    public FaultConnection(Socket client, Socket server, ConnectionScript script, Action onFired)
    {
        (_client, _server, OnFired) = (client, server, onFired);
        _up = new(this, client, server, script.Up, script);
        _down = new(this, server, client, script.Down, script);
    }

    /// <summary>Called whenever a fault has come about: one of the script, or bytes that a silent direction threw away.</summary>
    public Action OnFired { get; }

    /// <summary>Carries both directions until both have ended, or one fails.</summary>
    public Task CarryAsync() => Task.WhenAll(CarryAsync(_up), CarryAsync(_down));

    /// <summary>Does nothing with what comes, until it is ended from outside.</summary>
    public async Task SwallowAsync()
    {
        FallSilent();
        await CarryAsync(_up);
    }

    /// <summary>Both directions pass nothing on from now on.</summary>
    public void FallSilent() => _up.IsSilent = _down.IsSilent = true;

    /// <summary>What the client sends does not pass from now on.</summary>
    public void SilenceUp() => _up.IsSilent = true;

    /// <summary>What the server sends does not pass from now on.</summary>
    public void SilenceDown() => _down.IsSilent = true;

    /// <summary>Resets both ends.</summary>
    public void Reset()
    {
        _ended.Cancel();
        _client.Close(timeout: 0);
        _server.Close(timeout: 0);
    }

    /// <summary>Ends both in order.</summary>
    public void End()
    {
        _ended.Cancel();
        _client.Close();
        _server.Close();
    }

    public void Dispose()
    {
        _client.Dispose();
        _server.Dispose();
        _ended.Dispose();
    }

    private async Task CarryAsync(FaultDirection direction)
    {
        try
        {
            await direction.CarryAsync(_ended.Token);
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            if (!_ended.IsCancellationRequested) Reset();
        }
    }
}
