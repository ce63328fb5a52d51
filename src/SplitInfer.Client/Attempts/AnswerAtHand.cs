namespace SplitInfer.Client.Attempts;

/// <summary>The surest answer that exits have given to one request so far, held for its deadline. Thread-safe; may be disposed twice.</summary>
internal sealed class AnswerAtHand : IDisposable
{
    private readonly Lock _gate = new();
    private AttemptResult _best;
    private bool _isClosed;

    /// <summary>Whether there is one.</summary>
    public bool IsThere
    {
        get { lock (_gate) return _best.Exit > 0; }
    }

    /// <summary>Takes an answer over. It stays where it is surer than the one that was held; the other is released.</summary>
    /// <returns>Whether it was surer.</returns>
    public bool Offer(in AttemptResult answer)
    {
        bool isBetter;
        var worse = answer;
        lock (_gate)
        {
            isBetter = !_isClosed && answer.Confidence > _best.Confidence;
            if (isBetter) (worse, _best) = (_best, answer);
        }

        worse.Outputs.Dispose();
        return isBetter;
    }

    /// <summary>The one that is held, whose outputs the caller shares and disposes; null where there is none.</summary>
    public AttemptResult? Share()
    {
        lock (_gate) return _best.Exit > 0 ? _best with { Outputs = new([_best.Outputs.Tensors![0]!.Share()], TimeSpan.Zero) } : null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        AttemptResult held;
        lock (_gate) (held, _best, _isClosed) = (_best, default, true);
        held.Outputs.Dispose();
    }
}
