using Microsoft.Extensions.Logging;

namespace SplitInfer.Cli.Exporting;

/// <summary>What is logged about exporting.</summary>
internal static partial class ExportLog
{
    [LoggerMessage(60, LogLevel.Warning, "{Message}", EventName = nameof(ExportFailed))]
    public static partial void ExportFailed(ILogger log, string message);
}
