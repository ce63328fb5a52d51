using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using SplitInfer.Cli.Processes;

namespace SplitInfer.Cli.Benchmarks;

/// <summary><c>splitinfer serve</c> in a process of its own, which may be paused, killed, and started again at the same address.</summary>
internal sealed partial class BenchmarkServer : IAsyncDisposable, IDisposable
{
    private readonly IReadOnlyList<string> _arguments;
    private readonly int? _processor;
    private Process _process;

    private BenchmarkServer(IReadOnlyList<string> arguments, int? processor, Process process, Uri address) => (_arguments, _processor, _process, Address) = (arguments, processor, process, address);

    /// <summary>Where it listens.</summary>
    public Uri Address { get; }

    /// <summary>What it takes of memory at the moment, bytes.</summary>
    public long ResidentBytes
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>Whether processes can be paused here.</summary>
    public static bool CanPause => OperatingSystem.IsLinux() || OperatingSystem.IsMacOS();

    /// <summary>Starts a server whose runs take one thread.</summary>
    /// <param name="what">What it serves, and how: further arguments of the command.</param>
    /// <param name="slowdown">How many times as long everything takes there.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="processor">The processor that it is tied to; null for none.</param>
    /// <exception cref="IOException">It does not start; the message has what it said.</exception>
    public static async Task<BenchmarkServer> StartAsync(IEnumerable<string> what, double slowdown, CancellationToken cancellationToken, int? processor = null)
    {
        string[] arguments = ["serve", .. what, "--no-trial", "--threads", "1", "--json", "--slowdown", slowdown.ToString(CultureInfo.InvariantCulture)];
        var (process, address) = await LaunchAsync(arguments, new("tcp://127.0.0.1:0"), processor, cancellationToken).ConfigureAwait(false);
        return new(arguments, processor, process, address);
    }

    /// <summary>Stops the process where it is, as a machine that stands still does.</summary>
    public void Pause() => Signal(OperatingSystem.IsMacOS() ? 17 : 19);

    /// <summary>Has it go on.</summary>
    public void Resume() => Signal(OperatingSystem.IsMacOS() ? 19 : 18);

    /// <summary>Ends it at once, as a power cut does.</summary>
    public void Kill()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
    }

    /// <summary>Starts it again, at the same address, once it was killed.</summary>
    /// <exception cref="IOException">It does not start.</exception>
    public async Task RestartAsync(CancellationToken cancellationToken)
    {
        _process.Dispose();
        (_process, _) = await LaunchAsync(_arguments, Address, _processor, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Kill();
        _process.Dispose();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    private static async Task<(Process Process, Uri Address)> LaunchAsync(IEnumerable<string> arguments, Uri listen, int? processor, CancellationToken cancellationToken)
    {
        var start = ThisProgram.With([.. arguments, "--listen", listen.OriginalString]);
        start.RedirectStandardError = true;
        if (processor is { } one) start = ProcessorPin.On(start, one);
        var process = Process.Start(start) ?? throw new IOException("The server's process does not start. Run the tool from its own installation.");
        var said = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            var line = await process.StandardOutput.ReadLineAsync(cancellationToken).ConfigureAwait(false);
            if (line is null) throw new IOException($"The server ended before it listened: {(await said.ConfigureAwait(false)).Trim()}");
            using var json = JsonDocument.Parse(line);
            return (process, new(json.RootElement.GetProperty("listening").GetString()!));
        }
        catch
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
            process.Dispose();
            throw;
        }
    }

    private void Signal(int number)
    {
        if (SendSignal(_process.Id, number) != 0) throw new IOException($"The server's process could not be signalled (error {Marshal.GetLastPInvokeError()}).");
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int process, int number);
}
