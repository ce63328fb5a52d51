using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.Json;
using SplitInfer.Cli.Processes;

namespace SplitInfer.Cli.Commands.Verify;

/// <summary>This program in a process of its own that verifies models, so that a crash takes one model with it and no more.</summary>
internal sealed class WorkerProcess : IDisposable
{
    // Enough for what .NET and the C library say of a crash.
    private const int KeptLines = 40;

    private readonly Process _process;
    private readonly Queue<string> _said = [];

    private WorkerProcess(Process process)
    {
        _process = process;
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginErrorReadLine();
    }

    /// <summary>The process.</summary>
    public int Id => _process.Id;

    /// <summary>Starts a worker.</summary>
    /// <param name="arguments">The command line that makes a worker of this program.</param>
    /// <exception cref="IOException">No process can be started.</exception>
    public static WorkerProcess Start(IEnumerable<string> arguments)
    {
        var start = ThisProgram.With(arguments);
        start.RedirectStandardInput = start.RedirectStandardError = true;
        try
        {
            return new(Process.Start(start) ?? throw new IOException("A process to verify models in could not be started."));
        }
        catch (Win32Exception error)
        {
            throw new IOException($"A process to verify models in could not be started: {error.Message}", error);
        }
    }

    /// <summary>Verifies a model; the last event is the end.</summary>
    /// <exception cref="WorkerDiedException">The process ended before the model did.</exception>
    public async IAsyncEnumerable<VerifyEvent> RunAsync(VerifyJob job, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        lock (_said) _said.Clear();
        await SendAsync(JsonSerializer.Serialize(job, VerifyContext.Default.VerifyJob));
        VerifyEvent? happened;
        do
        {
            var line = await _process.StandardOutput.ReadLineAsync(cancellationToken) ?? throw await DiedAsync();
            happened = Parse(line);
            if (happened is not null) yield return happened;
        }
        while (happened?.End is null);
    }

    /// <summary>Ends the process, whatever it does.</summary>
    public void Dispose()
    {
        // Without input it ends by itself; in the middle of a model it need not see that.
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    private async Task SendAsync(string line)
    {
        try
        {
            await _process.StandardInput.WriteLineAsync(line);
            await _process.StandardInput.FlushAsync();
        }
        catch (IOException)
        {
            // It is no longer there, which reading tells as well, with how it ended.
        }
    }

    private async Task<WorkerDiedException> DiedAsync()
    {
        await _process.WaitForExitAsync();
        lock (_said) return new($"the process {Death.Of(_process.ExitCode)}", [.. _said]);
    }

    /// <summary>Native libraries may print on standard output too; null for what is no event.</summary>
    private VerifyEvent? Parse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, VerifyContext.Default.VerifyEvent);
        }
        catch (JsonException)
        {
            Keep(line);
            return null;
        }
    }

    private void Keep(string? line)
    {
        if (string.IsNullOrWhiteSpace(line)) return;
        lock (_said)
        {
            if (_said.Count < KeptLines) _said.Enqueue(line);
        }
    }
}

/// <summary>A worker ended in the middle of a model.</summary>
/// <param name="message">How.</param>
/// <param name="said">The first lines that it wrote to standard error meanwhile.</param>
internal sealed class WorkerDiedException(string message, IReadOnlyList<string> said) : Exception(message)
{
    public IReadOnlyList<string> Said => said;
}
