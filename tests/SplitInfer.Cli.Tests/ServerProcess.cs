using System.Diagnostics;
using System.Text.Json;

namespace SplitInfer.Cli.Tests;

/// <summary><c>splitinfer serve</c> in a process of its own.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private readonly Process _process;

    private readonly Task<string> _log;

    private ServerProcess(Process process, Task<string> log, JsonElement line) =>
        (_process, _log, Address, Connect, Options) = (process, log, line.GetProperty("listening").GetString()!, line.GetProperty("connect").GetString()!, line.GetProperty("options").GetString()!);

    /// <summary>Where the server says that it listens.</summary>
    public string Address { get; }

    /// <summary>Where the server says that clients reach it.</summary>
    public string Connect { get; }

    /// <summary>What the server says that clients have to name beside it.</summary>
    public string Options { get; }

    /// <summary>Where the server says that it answers HTTP; null where it was not told to.</summary>
    public Uri? Http { get; private init; }

    public static Task<ServerProcess> StartAsync(params string[] options) => StartAsync(new Dictionary<string, string>(), options);

    /// <summary>Starts it with variables of the environment.</summary>
    public static async Task<ServerProcess> StartAsync(IReadOnlyDictionary<string, string> variables, params string[] options)
    {
        var process = Process.Start(CommandLine.ExecutableWith(["serve", .. options], variables))!;
        var log = process.StandardError.ReadToEndAsync();
        var line = await process.StandardOutput.ReadLineAsync();
        if (line is null) throw new InvalidOperationException($"The server did not start: {await log}");
        var http = options.Contains("--http") ? JsonDocument.Parse((await process.StandardOutput.ReadLineAsync())!).RootElement.GetProperty("listening").GetString() : null;
        return new(process, log, JsonDocument.Parse(line).RootElement) { Http = http is null ? null : new(http) };
    }

    /// <summary>The next line that the server prints.</summary>
    public async Task<JsonElement> NextLineAsync() => JsonElement.Parse(await _process.StandardOutput.ReadLineAsync() ?? "null");

    /// <summary>What it has logged, once it has ended.</summary>
    public Task<string> LogAsync() => _log;

    /// <summary>Asks the server to stop, as an orchestrator does, and gives its exit code.</summary>
    public async Task<int> StopAsync()
    {
        using var kill = Process.Start("bash", ["-c", $"kill -TERM {_process.Id}"]);
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
