using System.Globalization;
using System.Text.Json;
using SplitInfer.Cli.Inputs;
using SplitInfer.Client.Transport;
using SplitInfer.Protocol;

namespace SplitInfer.Cli.Commands;

/// <summary>Says of what a server failed with what it is, and what to type.</summary>
internal static class FailureWords
{
    /// <summary>The kind of failure in a few words, for people.</summary>
    public static string KindOf(Exception failure) => failure switch
    {
        TailRefusedException { Code: RefusalCode.Unauthorized } => "wrong key",
        TailRefusedException { Code: RefusalCode.DeadlineExceeded } => "too late",
        TailRefusedException { Code: RefusalCode.ModelMismatch } => "another model",
        TailRefusedException { Code: RefusalCode.PlanMismatch } => "another plan",
        ServerUnreachableException { IsTlsFailure: true } => "no secure connection",
        TailRefusedException or ServerUnreachableException => WordOf(failure).Replace('_', ' '),
        ProtocolException => "not understood",
        _ => failure.GetType().Name.Replace(nameof(Exception), "", StringComparison.Ordinal),
    };

    /// <summary>The kind of failure in a word that stays what it is, for programs: that of the tag <c>error.type</c> of metrics.</summary>
    public static string WordOf(Exception failure) => failure switch
    {
        // A server may be newer than this, and know codes that have no name here.
        TailRefusedException refused => Enum.IsDefined(refused.Code) ? JsonNamingPolicy.SnakeCaseLower.ConvertName(refused.Code.ToString()) : "refused",
        ServerUnreachableException { InnerException: TimeoutException } => "silent",
        ServerUnreachableException => "unreachable",
        TimeoutException => "timeout",
        OperationCanceledException => "cancelled",
        _ => failure.GetType().FullName!,
    };

    /// <summary>Whether it ends by itself, so that who sees it has nothing to do.</summary>
    public static bool IsPassing(Exception failure) => failure is TailRefusedException { Code: RefusalCode.Busy or RefusalCode.DeadlineExceeded or RefusalCode.ShuttingDown };

    /// <summary>The message in words of the command line, with the option that helps, and when a busy server wants to hear of the client again.</summary>
    public static string Of(Exception failure)
    {
        var message = OptionWords.Of(failure.Message);
        return failure switch
        {
            TailRefusedException { Code: RefusalCode.Unauthorized } => $"{message} Name the file with it by --key-file F; the server's keys are in the file that it was given by --keys.",
            TailRefusedException { RetryAfter: { } wait } when wait > TimeSpan.Zero => $"{message} The server has room again in about {Text(wait)}.",
            _ => message,
        };
    }

    private static string Text(TimeSpan wait) =>
        wait < TimeSpan.FromSeconds(1) ? string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(wait.TotalMilliseconds):0} ms") : string.Create(CultureInfo.InvariantCulture, $"{wait.TotalSeconds:0.#} s");
}
