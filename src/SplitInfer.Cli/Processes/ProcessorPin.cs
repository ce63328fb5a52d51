using System.Diagnostics;
using System.Globalization;

namespace SplitInfer.Cli.Processes;

/// <summary>Ties processes to processors, so that what is measured side by side on one machine does not take time from each other. Where there is a command for it and more than one processor.</summary>
internal static class ProcessorPin
{
    private const string Command = "taskset";

    /// <summary>Whether processes can be tied here.</summary>
    public static bool IsPossible { get; } = OperatingSystem.IsLinux() && Environment.ProcessorCount > 1 && (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(static folder => File.Exists(Path.Combine(folder, Command)));

    /// <summary>Ties this process, with all of its threads, to a processor.</summary>
    /// <param name="processor">Its number, from 0 on.</param>
    public static async Task PinThisAsync(int processor, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(Command, ["-a", "-p", "-c", processor.ToString(CultureInfo.InvariantCulture), Environment.ProcessId.ToString(CultureInfo.InvariantCulture)]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var pinning = Process.Start(start) ?? throw new IOException($"'{Command}' does not start.");
        await pinning.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
        if (pinning.ExitCode != 0) throw new IOException($"'{Command}' failed: {(await pinning.StandardError.ReadToEndAsync(cancellationToken).ConfigureAwait(false)).Trim()}");
    }

    /// <summary>The same start on a processor.</summary>
    /// <param name="start">How a process is started.</param>
    /// <param name="processor">The processor's number, from 0 on.</param>
    public static ProcessStartInfo On(ProcessStartInfo start, int processor) =>
        new(Command, ["-c", processor.ToString(CultureInfo.InvariantCulture), start.FileName, .. start.ArgumentList]) { RedirectStandardOutput = start.RedirectStandardOutput, RedirectStandardError = start.RedirectStandardError };
}
