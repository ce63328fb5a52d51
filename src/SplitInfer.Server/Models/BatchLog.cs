using Microsoft.Extensions.Logging;
using SplitInfer.Server.Batching;

namespace SplitInfer.Server.Models;

/// <summary>Says of one model which of its requests run together.</summary>
/// <param name="name">Its name.</param>
/// <param name="version">Its version.</param>
/// <param name="logger">Where to say it.</param>
internal sealed partial class BatchLog(string name, string version, ILogger logger) : IBatchLog
{
    /// <inheritdoc/>
    public void Batches(int partition, string gain) => LogBatches(logger, name, version, partition, gain);

    /// <inheritdoc/>
    public void DoesNotBatch(int partition, string reason, Exception? error)
    {
        if (error is null) LogDoesNotBatch(logger, name, version, partition, reason.TrimEnd('.'));
        else LogNotTried(logger, error, name, version, partition);
    }

    /// <inheritdoc/>
    public void BatchFailed(int partition, Exception error) => LogBatchFailed(logger, error, name, version, partition);

    [LoggerMessage(62, LogLevel.Information, "Requests to {Name} {Version} from partition {Partition} on that wait run together from now on: {Gain}", EventName = "Batches")]
    private static partial void LogBatches(ILogger logger, string name, string version, int partition, string gain);

    [LoggerMessage(63, LogLevel.Information, "Requests to {Name} {Version} from partition {Partition} on run one by one: {Reason}", EventName = "DoesNotBatch")]
    private static partial void LogDoesNotBatch(ILogger logger, string name, string version, int partition, string reason);

    [LoggerMessage(64, LogLevel.Warning, "Requests to {Name} {Version} from partition {Partition} on run one by one, since whether they can run together could not be tried", EventName = "BatchNotTried")]
    private static partial void LogNotTried(ILogger logger, Exception error, string name, string version, int partition);

    [LoggerMessage(65, LogLevel.Warning, "Requests to {Name} {Version} from partition {Partition} on failed together, and then ran one by one. Further failures of the kind are not told", EventName = "BatchFailed")]
    private static partial void LogBatchFailed(ILogger logger, Exception error, string name, string version, int partition);
}
