using System.Threading.Channels;
using SplitInfer.Client.Attempts;

namespace SplitInfer.Client;

/// <summary>The answers of one request on their way to whoever asked for each: none that is worse than one before, and the last one last. Disposal stops the request and releases what was not taken. For one reader.</summary>
/// <param name="create">Makes a result of an answer on the way.</param>
/// <param name="reader">Signalled when the reader gives up.</param>
internal sealed class ProgressiveAnswers(Func<Attempt, AttemptResult, CancellationToken, ValueTask<InferenceResult>> create, CancellationToken reader) : IAsyncDisposable
{
    private readonly Channel<InferenceResult> _early = Channel.CreateUnbounded<InferenceResult>(new() { SingleReader = true });
    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(reader);
    private Task<InferenceResult>? _last;
    private double _confidence;
    private bool _isLastTaken;

    /// <summary>Begins the request.</summary>
    /// <param name="begin">Runs it: takes what is told of answers on the way, and the token that stops it.</param>
    public void Begin(Func<Func<Attempt, AttemptResult, CancellationToken, ValueTask>, CancellationToken, ValueTask<InferenceResult>> begin)
    {
        _last = begin(TellAsync, _stop.Token).AsTask();
        _last.ContinueWith(static (_, early) => ((ChannelWriter<InferenceResult>)early!).TryComplete(), _early.Writer, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>The next answer, which the caller owns; null where there is no better one any more.</summary>
    public async ValueTask<InferenceResult?> NextAsync()
    {
        while (await _early.Reader.WaitToReadAsync(CancellationToken.None).ConfigureAwait(false))
        {
            if (!_early.Reader.TryRead(out var answer)) continue;
            _confidence = answer.Confidence;
            return answer;
        }

        if (_isLastTaken) return null;
        InferenceResult last;
        try
        {
            last = await _last!.ConfigureAwait(false);
        }
        catch (OperationCanceledException canceled) when (reader.IsCancellationRequested)
        {
            throw new OperationCanceledException(canceled.Message, canceled, reader);
        }

        _isLastTaken = true;
        // By the deadline it may be one that the reader has, or of a server's exit that is less sure.
        if (last.Exit == 0 || last.Confidence > _confidence) return last;
        last.Dispose();
        return null;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        if (_last is not null) await ((Task)_last).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!_isLastTaken && _last is { IsCompletedSuccessfully: true }) (await _last.ConfigureAwait(false)).Dispose();
        _early.Writer.TryComplete();
        while (_early.Reader.TryRead(out var left)) left.Dispose();
        _stop.Dispose();
    }

    private async ValueTask TellAsync(Attempt attempt, AttemptResult answer, CancellationToken stop)
    {
        try
        {
            var result = await create(attempt, answer, stop).ConfigureAwait(false);
            if (!_early.Writer.TryWrite(result)) result.Dispose();
        }
        finally
        {
            answer.Outputs.Dispose();
        }
    }
}
