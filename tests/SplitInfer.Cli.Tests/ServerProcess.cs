using System.Diagnostics;
using System.Text.Json;

namespace SplitInfer.Cli.Tests;

/// <summary><c>splitinfer serve</c> in a process of its own.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private readonly Process _process;

    private ServerProcess(Process process, JsonElement line) =>
        (_process, Address, Connect) = (process, line.GetProperty("listening").GetString()!, line.GetProperty("connect").GetString()!);

    /// <summary>Where the server says that it listens.</summary>
    public string Address { get; }

    /// <summary>Where the server says that clients reach it.</summary>
    public string Connect { get; }

    public static async Task<ServerProcess> StartAsync(params string[] options)
    {
        var process = Process.Start(CommandLine.ExecutableWith(["serve", .. options]))!;
        var log = process.StandardError.ReadToEndAsync();
        var line = await process.StandardOutput.ReadLineAsync();
        return line is null
            ? throw new InvalidOperationException($"The server did not start: {await log}")
            : new(process, JsonDocument.Parse(line).RootElement);
    }

    /// <summary>Asks the server to stop, as an orchestrator does, and gives its exit code.</summary>
    public async Task<int> StopAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
