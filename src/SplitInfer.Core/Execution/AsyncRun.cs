using System.Threading.Tasks.Sources;
using SplitInfer.Tensors;

namespace SplitInfer.Execution;

/// <summary>One asynchronous run, used again once its result has been taken.</summary>
internal sealed class AsyncRun(SegmentRunner runner) : IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> _source;
    private ReadOnlyMemory<TensorValue> _inputs;
    private Memory<TensorValue> _outputs;
    private CancellationToken _cancellationToken;

    public ValueTask Start(ReadOnlyMemory<TensorValue> inputs, Memory<TensorValue> outputs, CancellationToken cancellationToken)
    {
        (_inputs, _outputs, _cancellationToken) = (inputs, outputs, cancellationToken);
        var task = new ValueTask(this, _source.Version);
        RunThreads.Queue(this);
        return task;
    }

    /// <summary>Runs on the calling thread, on which the awaiting code continues.</summary>
    public void Execute()
    {
        try
        {
            runner.Run(_inputs.Span, _outputs.Span, _cancellationToken);
        }
#pragma warning disable CA1031 // Whatever it is, the one who awaits must get it.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Forget();
            _source.SetException(e);
            return;
        }

        Forget();
        _source.SetResult(true);
    }

    void IValueTaskSource.GetResult(short token)
    {
        try
        {
            _source.GetResult(token);
        }
        finally
        {
            _source.Reset();
            runner.Recycle(this);
        }
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    // An idle item must not keep tensors alive. From the moment the source is set, the item may be in use by another run.
    private void Forget() => (_inputs, _outputs, _cancellationToken) = (default, default, default);
}
