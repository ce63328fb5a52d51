namespace SplitInfer.Client.Servers;

/// <summary>
/// The order in which frames of streams are sent to one server: that in which they asked for a turn, each when the one before has left as a whole, so that a frame
/// is not late since a later one took half of the link. Thread-safe.
/// </summary>
internal sealed class SendOrder
{
    private readonly Lock _gate = new();
    private readonly Queue<SendTurn> _turns = [];

    /// <summary>Asks for a turn, which is given up with <see cref="SendTurn.Pass"/> whether it was used or not.</summary>
    public SendTurn Ask()
    {
        var turn = new SendTurn(this);
        lock (_gate)
        {
            _turns.Enqueue(turn);
            if (_turns.Count == 1) turn.Come();
        }

        return turn;
    }

    /// <summary>A turn is over, or not needed; those behind it come when those before it are over as well.</summary>
    internal void Pass(SendTurn passed)
    {
        lock (_gate)
        {
            passed.IsPassed = true;
            while (_turns.TryPeek(out var first))
            {
                if (!first.IsPassed)
                {
                    first.Come();
                    return;
                }

                _turns.Dequeue();
            }
        }
    }
}

/// <summary>One frame's turn to be sent. Thread-safe.</summary>
/// <param name="order">Where it stands.</param>
internal sealed class SendTurn(SendOrder order)
{
    private readonly TaskCompletionSource _come = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Done when it has come.</summary>
    public Task Came => _come.Task;

    /// <summary>Whether it is over. For its order.</summary>
    internal bool IsPassed { get; set; }

    /// <summary>Ends it, before it has come or after. May be called more than once.</summary>
    public void Pass() => order.Pass(this);

    /// <summary>It has come. For its order.</summary>
    internal void Come() => _come.TrySetResult();
}
