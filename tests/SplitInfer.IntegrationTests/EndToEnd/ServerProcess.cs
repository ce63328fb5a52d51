using System.Diagnostics;
using System.Text.Json;

namespace SplitInfer.IntegrationTests.EndToEnd;

/// <summary>The command line's server in a process of its own.</summary>
internal sealed class ServerProcess : IDisposable
{
    private readonly Process _process;

    private ServerProcess(Process process, Uri address) => (_process, Address) = (process, address);

    public Uri Address { get; }

    /// <summary>Whether the process has ended by itself.</summary>
    public bool HasExited => _process.HasExited;

    public static Task<ServerProcess> StartAsync(string modelsDirectory, params string[] options) => StartAsync(modelsDirectory, new Surroundings(), options);

    public static async Task<ServerProcess> StartAsync(string modelsDirectory, Surroundings surroundings, params string[] options)
    {
        var start = new ProcessStartInfo(surroundings.Handles is null ? "dotnet" : "bash") { RedirectStandardOutput = true, RedirectStandardError = true };
        if (surroundings.Handles is { } handles)
            foreach (var argument in (string[])["-c", string.Create(System.Globalization.CultureInfo.InvariantCulture, $"ulimit -n {handles}; exec dotnet \"$@\""), "dotnet"]) start.ArgumentList.Add(argument);
        foreach (var argument in (string[])[Path.Combine(AppContext.BaseDirectory, "splitinfer.dll"), "serve", "--models", modelsDirectory, .. options.Contains("--listen") ? (string[])[] : ["--listen", "tcp://127.0.0.1:0"], "--json", .. options])
            start.ArgumentList.Add(argument);
        var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        // The first line says where the server listens; without one, the reason stands among the errors.
        var line = await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException(await errors);
        using var json = JsonDocument.Parse(line);
        return new(process, new Uri(json.RootElement.GetProperty("listening").GetString()!));
    }

    /// <summary>Stops the process where it is, as a machine does that hangs.</summary>
    public void Suspend() => Signal("-STOP");

    /// <summary>Lets it go on.</summary>
    public void Resume() => Signal("-CONT");

    /// <summary>Ends the process as a machine does that loses its power.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    /// <summary>Asks the process to stop.</summary>
    /// <returns>Its exit code, once it has ended.</returns>
    public async Task<int> StopAsync()
    {
        Signal("-TERM");
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    /// <summary>What the process is given by the system.</summary>
    public sealed class Surroundings
    {
        /// <summary>The files that it may have open; null leaves the limit as it is.</summary>
        public int? Handles { get; init; }
    }

    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    private void Signal(string signal)
    {
        using var kill = Process.Start("bash", ["-c", string.Create(System.Globalization.CultureInfo.InvariantCulture, $"kill {signal} {_process.Id}")]);
        kill.WaitForExit();
        if (kill.ExitCode != 0) throw new InvalidOperationException($"kill ended with {kill.ExitCode}.");
    }
}
