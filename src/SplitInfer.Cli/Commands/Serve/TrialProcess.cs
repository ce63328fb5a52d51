using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using SplitInfer.Cli.Processes;
using SplitInfer.Server.Models;

namespace SplitInfer.Cli.Commands.Serve;

/// <summary>Tries a model in a process of its own, so that one that crashes, hangs or takes too much memory takes nothing with it.</summary>
/// <param name="options">What the process is given beside the model, as typed.</param>
/// <param name="time">How long it may take.</param>
/// <param name="bytes">The most resident memory that it may have.</param>
internal sealed class TrialProcess(IReadOnlyList<string> options, TimeSpan time, long bytes) : IModelTrial
{
    /// <summary>The command by which this program tries a model.</summary>
    public const string Command = "trial";

    /// <summary>The option by which it ends with the process that started it.</summary>
    public const string WatchParent = "--watch-parent";

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    // What a crash prints may be long, and its first lines say most.
    private const int MostWords = 400;

    private const int MostRead = 8 << 10;

    /// <inheritdoc/>
    public async ValueTask<string?> TryAsync(string path, CancellationToken cancellationToken)
    {
        var start = ThisProgram.With([Command, path, WatchParent, .. options]);
        start.RedirectStandardError = true;
        // Ends with this process, however it ends, and the trial with it.
        start.RedirectStandardInput = true;
        using var process = Start(start);
        var (said, printed) = (ReadAsync(process.StandardError), ReadAsync(process.StandardOutput));
        try
        {
            if (await WatchAsync(process, cancellationToken) is { } excess)
                return $"{path}: the process that tried the model {excess}, and was ended. Let it be smaller or faster, allow more (--trial-seconds, --trial-bytes), or serve it untried (--no-trial).";
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
            // What was killed ends soon; the next trial does not run beside it.
            await process.WaitForExitAsync(CancellationToken.None);
            await Task.WhenAll(said, printed);
        }

        var words = (await said).Trim();
        if (process.ExitCode == 0) return null;
        // What this program says of a model is said well; what a crash leaves behind is not.
        return process.ExitCode == 1 && words.Length > 0
            ? words
            : $"{path}: the process that tried the model {Death.Of(process.ExitCode)}. {words[..Math.Min(words.Length, MostWords)]} ONNX Runtime cannot run the model here: export it again, or try another release.";
    }

    /// <summary>Reads to the end, and keeps no more than is told: a model may print in a loop.</summary>
    private static async Task<string> ReadAsync(StreamReader reader)
    {
        var (kept, room) = (new StringBuilder(), new char[1024]);
        while (await reader.ReadAsync(room) is > 0 and var count)
            kept.Append(room, 0, Math.Min(count, MostRead - kept.Length));
        return kept.ToString();
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start) ?? throw new IOException("A process to try models in could not be started.");
        }
        catch (Win32Exception error)
        {
            throw new IOException($"A process to try models in could not be started: {error.Message} Serve them untried with --no-trial.", error);
        }
    }

    /// <summary>Resident memory, in bytes; none where the process has ended, which it may do at any time.</summary>
    private static long MemoryOf(Process process)
    {
        try
        {
            process.Refresh();
            return process.WorkingSet64;
        }
        catch (InvalidOperationException)
        {
            return 0;
        }
    }

    /// <summary>Waits until the process ends or takes too much.</summary>
    /// <returns>What it takes too much of; null where it has ended.</returns>
    private async Task<string?> WatchAsync(Process process, CancellationToken cancellationToken)
    {
        var clock = TimeProvider.System;
        var began = clock.GetTimestamp();
        var ended = process.WaitForExitAsync(cancellationToken);
        while (await Task.WhenAny(ended, Task.Delay(Interval, clock, cancellationToken)) != ended)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (clock.GetElapsedTime(began) > time) return string.Create(CultureInfo.InvariantCulture, $"ran for more than {time.TotalSeconds:0.#} s");
            if (MemoryOf(process) > bytes) return string.Create(CultureInfo.InvariantCulture, $"had more than {bytes} bytes of memory");
        }

        await ended;
        return null;
    }
}
