namespace SplitInfer.Client.Transport;

/// <summary>A transport that can measure the round trip of its smallest frame. Safe for concurrent use.</summary>
internal interface IServerPing
{
    /// <summary>Connects where that is due, then measures the time of the smallest frame to the server and back.</summary>
    ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default);
}
