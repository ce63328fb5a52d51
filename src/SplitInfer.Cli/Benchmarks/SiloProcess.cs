using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using SplitInfer.Cli.Processes;

namespace SplitInfer.Cli.Benchmarks;

/// <summary><c>splitinfer coordinate</c> in a process of its own.</summary>
internal sealed class SiloProcess : IAsyncDisposable
{
    private readonly Process _process;

    private SiloProcess(Process process, IPEndPoint silo) => (_process, Silo) = (process, silo);

    /// <summary>Where other silos reach it.</summary>
    public IPEndPoint Silo { get; }

    /// <summary>Starts one, and waits until it is ready.</summary>
    /// <exception cref="IOException">It does not start.</exception>
    public static async Task<SiloProcess> StartAsync(string redis, string region, CancellationToken cancellationToken)
    {
        string[] ports = [.. new[] { FreePort.Take(), FreePort.Take() }.Select(static port => port.ToString(CultureInfo.InvariantCulture))];
        var process = Process.Start(ThisProgram.With(["coordinate", "--redis", redis, "--region", region, "--silo-port", ports[0], "--gateway-port", ports[1], "--log-level", "Critical", "--json"])) ?? throw new IOException("A silo could not be started.");
        try
        {
            var line = await process.StandardOutput.ReadLineAsync(cancellationToken) ?? throw new IOException("A silo ended as it started; what it says stands above.");
            return new(process, IPEndPoint.Parse(JsonElement.Parse(line).GetProperty("silo").GetString()!));
        }
        catch
        {
            await EndAsync(process);
            throw;
        }
    }

    /// <summary>Ends it at once, as a power cut does.</summary>
    public void Kill() => _process.Kill();

    public ValueTask DisposeAsync() => EndAsync(_process);

    private static async ValueTask EndAsync(Process process)
    {
        process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
    }
}
