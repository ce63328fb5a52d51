using SplitInfer.Client.Device;
using SplitInfer.Client.Servers;

namespace SplitInfer.Client.Attempts;

/// <summary>
/// The place of one frame of a stream among the others: when the device runs for it, when it may be sent, and when each was over. Disposal gives up what the frame
/// still has.
/// </summary>
/// <param name="gate">Lets the device run for one frame at a time.</param>
/// <param name="number">The frame's number, by which it goes before later ones.</param>
/// <param name="turn">Its turn to be sent; null where it is not to be.</param>
/// <param name="time">The clock.</param>
internal sealed class FrameLane(DeviceGate gate, long number, SendTurn? turn, TimeProvider time) : IDisposable
{
    private SendTurn? _turn = turn;
    private int _hasDevice;

    /// <summary>When the device had run the head or the whole model and, unless <see cref="IsEncodedLater"/>, encoded what leaves first; 0 before that. A timestamp.</summary>
    public long ReadyAt { get; private set; }

    /// <summary>Whether encoding began only when the device had been left, since it was not the frame's turn to be sent.</summary>
    public bool IsEncodedLater { get; private set; }

    /// <summary>Called when all of the boundary has left, if the transport tells; null where nobody waits for that.</summary>
    public Action? OnSent { get; set; }

    /// <summary>When the server's reply was there; 0 where there was none. A timestamp.</summary>
    public long RepliedAt { get; private set; }

    /// <summary>Waits until the device is free for the frame.</summary>
    /// <param name="hasWork">Whether there is anything for the device to run; else nothing is waited for.</param>
    /// <param name="stop">Ends the wait.</param>
    public ValueTask EnterAsync(bool hasWork, CancellationToken stop)
    {
        if (!hasWork) return ValueTask.CompletedTask;
        var entering = gate.EnterAsync(number, stop);
        if (!entering.IsCompletedSuccessfully) return new(WaitAsync(entering));
        Volatile.Write(ref _hasDevice, 1);
        return ValueTask.CompletedTask;

        async Task WaitAsync(ValueTask waiting)
        {
            await waiting.ConfigureAwait(false);
            Volatile.Write(ref _hasDevice, 1);
        }
    }

    /// <summary>The device's part is over. Does nothing more when it was before.</summary>
    /// <param name="isEncodedLater">Whether encoding is still to come.</param>
    public void Leave(bool isEncodedLater = false)
    {
        if (ReadyAt == 0) (ReadyAt, IsEncodedLater) = (time.GetTimestamp(), isEncodedLater);
        if (TryTakeDevice()) gate.Leave();
    }

    /// <summary>Runs something on the device in place of a server, before all later frames.</summary>
    /// <param name="run">What to run.</param>
    /// <param name="attempt">The frame's attempt.</param>
    /// <param name="stop">Ends wait and run.</param>
    public async ValueTask<AttemptResult> RunAloneAsync(IExecutor run, Attempt attempt, CancellationToken stop)
    {
        // Who has the device from its head goes on.
        if (!TryTakeDevice()) await gate.EnterAsync(number, stop).ConfigureAwait(false);
        try
        {
            return await run.RunAsync(attempt, stop).ConfigureAwait(false);
        }
        finally
        {
            gate.Leave();
        }
    }

    /// <summary>Takes the frame's turn to be sent over, which the caller ends; null where it has none.</summary>
    public SendTurn? TakeTurn() => Interlocked.Exchange(ref _turn, null);

    /// <summary>The reply is there.</summary>
    public void Reply() => RepliedAt = time.GetTimestamp();

    /// <inheritdoc/>
    public void Dispose()
    {
        if (TryTakeDevice()) gate.Leave();
        TakeTurn()?.Pass();
    }

    private bool TryTakeDevice() => Interlocked.Exchange(ref _hasDevice, 0) != 0;
}
