namespace SplitInfer.Cli.Processes;

/// <summary>Says how a process ended that was not meant to.</summary>
internal static class Death
{
    // What .NET and shells add to the number of the signal that ended a process.
    private const int SignalBase = 128;
    private const int LastSignal = 64;

    /// <summary>The end of a process in words that follow "the process": <c>died (signal SIGSEGV)</c>, <c>ended with code 3</c>.</summary>
    public static string Of(int exitCode) => (exitCode - SignalBase) switch
    {
        4 => "died (signal SIGILL)",
        6 => "died (signal SIGABRT)",
        7 => "died (signal SIGBUS)",
        8 => "died (signal SIGFPE)",
        9 => "died (signal SIGKILL: somebody ended it, or the system was out of memory)",
        11 => "died (signal SIGSEGV)",
        15 => "died (signal SIGTERM)",
        > 0 and <= LastSignal and var signal => $"died (signal {signal})",
        // Windows tells of a crash by the code of the exception.
        _ when exitCode < 0 => $"died (exception 0x{exitCode:X8})",
        _ => $"ended with code {exitCode}",
    };
}
