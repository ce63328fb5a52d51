namespace SplitInfer.Execution;

/// <summary>
/// Threads for native runs. The thread pool's stay free for what waits for a network: on a device of one core it has a single one,
/// and no reply would be read while the device computes. There are as many as run at once; one that is not needed for a while
/// ends. Thread-safe.
/// </summary>
internal static class RunThreads
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(20);
    private static readonly object Gate = new();
    private static readonly Queue<AsyncRun> Waiting = [];
    private static int _idle;

    /// <summary>Has a thread take over a run.</summary>
    public static void Queue(AsyncRun run)
    {
        lock (Gate)
        {
            Waiting.Enqueue(run);

            // A thread that was woken counts as idle until it has taken a run.
            if (_idle >= Waiting.Count)
            {
                Monitor.Pulse(Gate);
                return;
            }
        }

        new Thread(Work) { IsBackground = true, Name = "SplitInfer run" }.UnsafeStart();
    }

    private static void Work()
    {
        while (Take() is { } run) run.Execute();
    }

    private static AsyncRun? Take()
    {
        lock (Gate)
        {
            var isInTime = true;
            AsyncRun? run;
            while (!Waiting.TryDequeue(out run) && isInTime)
            {
                _idle++;
                isInTime = Monitor.Wait(Gate, Lifetime);
                _idle--;
            }

            return run;
        }
    }
}
