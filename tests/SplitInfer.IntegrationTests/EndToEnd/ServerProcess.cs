using System.Diagnostics;
using System.Text.Json;

namespace SplitInfer.IntegrationTests.EndToEnd;

/// <summary>The command line's server in a process of its own.</summary>
internal sealed class ServerProcess : IDisposable
{
    private readonly Process _process;

    private ServerProcess(Process process, Uri address) => (_process, Address) = (process, address);

    public Uri Address { get; }

    public static async Task<ServerProcess> StartAsync(string modelsDirectory, params string[] options)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])[Path.Combine(AppContext.BaseDirectory, "splitinfer.dll"), "serve", "--models", modelsDirectory, "--listen", "tcp://127.0.0.1:0", "--json", .. options])
            start.ArgumentList.Add(argument);
        var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        // The first line says where the server listens; without one, the reason stands among the errors.
        var line = await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException(await errors);
        using var json = JsonDocument.Parse(line);
        return new(process, new Uri(json.RootElement.GetProperty("listening").GetString()!));
    }

    /// <summary>Stops the process where it is, as a machine does that hangs.</summary>
    public void Suspend()
    {
        using var kill = Process.Start("kill", ["-STOP", _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
        if (kill.ExitCode != 0) throw new InvalidOperationException($"kill ended with {kill.ExitCode}.");
    }

    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }
}
