using System.Net.Sockets;
using System.Security.Authentication;
using SplitInfer.Protocol;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Testing.Attacks;

/// <summary>Something that a hostile client does for as long as it is let.</summary>
/// <param name="Stroke">Does it once, on connections of its own; called again and again, also where it fails.</param>
internal sealed record Attack(Func<AttackTarget, CancellationToken, Task> Stroke)
{
    /// <summary>How many strokes are made at the same time.</summary>
    public int Hands { get; init; } = 1;

    /// <summary>Whether it is made on a server with TLS and keys.</summary>
    public bool IsSecure { get; init; }

    /// <summary>Attacks until it is stopped.</summary>
    public async Task RunAsync(AttackTarget target, CancellationToken stop) =>
        await Task.WhenAll(Enumerable.Range(0, Hands).Select(_ => Task.Run(() => RepeatAsync(target, stop), CancellationToken.None)));

    private async Task RepeatAsync(AttackTarget target, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await Stroke(target, stop);
            }
            catch (Exception error) when (error is SocketException or IOException or InvalidOperationException or ProtocolException or OperationCanceledException or AuthenticationException)
            {
                // The server has refused it, or has put an end to it.
            }

            try
            {
                await target.PauseAsync(stop);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>Reads what comes and does nothing with it.</summary>
    public static async Task DrainAsync(WirePeer peer)
    {
        try
        {
            while (await peer.ReceiveAsync() is not null) { }
        }
        catch (Exception error) when (error is SocketException or IOException or ObjectDisposedException or ProtocolException)
        {
            // The connection has ended.
        }
    }
}
