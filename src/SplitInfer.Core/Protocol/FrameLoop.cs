using System.Runtime.CompilerServices;

namespace SplitInfer.Protocol;

/// <summary>Takes frames in, one after the other.</summary>
internal interface IFrameHandler
{
    /// <summary>Takes in the frame that the reader is at, its payload included.</summary>
    /// <returns>Work that the frame has made due, if any. It may take long and runs beside the next frames.</returns>
    ValueTask<IThreadPoolWorkItem?> HandleFrameAsync(FrameReader reader);
}

/// <summary>
/// Reads frames until the connection ends. Work that a frame makes due is run by the thread that read it, so that a request
/// needs no change of thread, unless more has come already; either way the next frame is awaited first, so that work never
/// keeps a frame waiting.
/// </summary>
internal static class FrameLoop
{
    /// <summary>Runs until the other end ends the connection, or an error is thrown.</summary>
    public static async Task RunAsync(FrameReader reader, IFrameHandler handler)
    {
        IThreadPoolWorkItem? due = null;
        while (await new NextFrame(reader.ReadFrameAsync(), due))
            due = await handler.HandleFrameAsync(reader).ConfigureAwait(false);
    }

    /// <summary>Awaits a frame and runs what is due meanwhile.</summary>
    private readonly struct NextFrame(ValueTask<bool> frame, IThreadPoolWorkItem? due) : ICriticalNotifyCompletion
    {
        private readonly ConfiguredValueTaskAwaitable<bool>.ConfiguredValueTaskAwaiter _frame = frame.ConfigureAwait(false).GetAwaiter();

        public NextFrame GetAwaiter() => this;

        public bool IsCompleted
        {
            get
            {
                if (!_frame.IsCompleted) return false;
                if (due is not null) ThreadPool.UnsafeQueueUserWorkItem(due, preferLocal: false);
                return true;
            }
        }

        public bool GetResult() => _frame.GetResult();

        public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

        public void UnsafeOnCompleted(Action continuation)
        {
            // From here on another thread may be reading; this one is free for the work.
            _frame.UnsafeOnCompleted(continuation);
            due?.Execute();
        }
    }
}
