using System.Threading.Tasks.Sources;

namespace SplitInfer.Client.Transport;

/// <content>The result that the caller awaits.</content>
internal sealed partial class PendingRequest : IValueTaskSource<TailReply>, IThreadPoolWorkItem
{
    private ManualResetValueTaskSourceCore<TailReply> _result;
    private Exception? _error;

    /// <summary>Decodes what is left of the reply and hands the result to the caller.</summary>
    public void Execute()
    {
        TailReply? reply = null;
        if (_error is null)
        {
            try
            {
                reply = Reply.Decode();
            }
            catch (Exception exception)
            {
                _error = exception;
            }

            Reply.Release();
        }

        if (reply is null) _result.SetException(_error!);
        else _result.SetResult(reply);
    }

    public TailReply GetResult(short token)
    {
        try
        {
            return _result.GetResult(token);
        }
        finally
        {
            _registration.Unregister();
            Release();
        }
    }

    public ValueTaskSourceStatus GetStatus(short token) => _result.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _result.OnCompleted(continuation, state, token, flags);
}
