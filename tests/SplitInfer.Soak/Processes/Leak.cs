using System.Net.Sockets;

namespace SplitInfer.Soak.Processes;

/// <summary>What is leaked.</summary>
internal enum LeakKind
{
    Nothing,
    Memory,
    Handles,
    Threads,
}

/// <summary>Leaks a little with every request, in the harness and never in the product. Thread-safe.</summary>
internal sealed class Leak(LeakKind kind)
{
    private const int Bytes = 16 << 10;

    // Far fewer than requests, so that a short run does not exhaust the system.
    private const int HandlePeriod = 20, ThreadPeriod = 50;

    private readonly Lock _gate = new();
    private readonly List<object> _kept = [];
    private int _requests;

    /// <summary>The leak of that name.</summary>
    public static Leak Of(string kind) => new(Enum.Parse<LeakKind>(kind));

    /// <summary>A request was made.</summary>
    public void Drip()
    {
        var number = Interlocked.Increment(ref _requests);
        switch (kind)
        {
            case LeakKind.Memory:
                var block = new byte[Bytes];
                block.AsSpan().Fill(1);
                Keep(block);
                break;
            case LeakKind.Handles when number % HandlePeriod == 0:
                Keep(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
                break;
            case LeakKind.Threads when number % ThreadPeriod == 0:
                var thread = new Thread(static () => Thread.Sleep(Timeout.Infinite), maxStackSize: 256 << 10) { IsBackground = true };
                thread.Start();
                break;
        }
    }

    private void Keep(object leaked)
    {
        lock (_gate) _kept.Add(leaked);
    }
}
