namespace SplitInfer.Client.Servers;

/// <summary>Tells streams of the round trips that are measured. Thread-safe.</summary>
/// <param name="servers">The number of servers.</param>
internal sealed class RoundTripNews(int servers)
{
    private readonly double[] _last = new double[servers];

    /// <summary>One was measured: the server's number, and seconds.</summary>
    public event Action<int, double>? Measured;

    /// <summary>The last one of a server, s; 0 where none was measured.</summary>
    public double Last(int server) => Volatile.Read(ref _last[server]);

    /// <summary>Tells of one.</summary>
    public void Report(int server, double seconds)
    {
        Volatile.Write(ref _last[server], seconds);
        Measured?.Invoke(server, seconds);
    }
}
