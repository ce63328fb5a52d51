using SplitInfer.Client.Transport;
using SplitInfer.Protocol;
using SplitInfer.Telemetry;

namespace SplitInfer.Client.Telemetry;

/// <summary>Errors as words of <see cref="TelemetryTags.Error"/>, of which there are few.</summary>
internal static class ErrorKind
{
    public static string Of(Exception error) => error switch
    {
        TailRefusedException refused => refused.Code.Word(),
        ServerUnreachableException { IsSilence: true } => "silent",
        ServerUnreachableException => "unreachable",
        TimeoutException => "timeout",
        OperationCanceledException => "cancelled",
        _ => error.GetType().FullName!,
    };
}
