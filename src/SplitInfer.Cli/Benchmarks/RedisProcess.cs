using System.Diagnostics;
using System.Globalization;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>A Redis of this machine, for as long as a benchmark takes. It writes nothing to a disk.</summary>
internal sealed class RedisProcess : IAsyncDisposable
{
    private const string ServerName = "redis-server";

    private readonly Process _process;

    private RedisProcess(Process process, string address) => (_process, Address) = (process, address);

    /// <summary>Where it is, as HOST:PORT.</summary>
    public string Address { get; }

    /// <summary>Starts it at a port that is free.</summary>
    /// <exception cref="IOException">It is not installed, or does not start.</exception>
    public static async Task<RedisProcess> StartAsync(CancellationToken cancellationToken)
    {
        string[] folders = [.. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries), "/usr/bin", "/usr/sbin"];
        var path = folders.Select(static folder => Path.Combine(folder, ServerName)).FirstOrDefault(File.Exists) ?? throw new IOException($"{ServerName} is not installed. Install it (Debian: apt-get install redis-server), and run this again.");
        var port = FreePort.Take().ToString(CultureInfo.InvariantCulture);
        var process = Process.Start(new ProcessStartInfo(path, ["--bind", "127.0.0.1", "--port", port, "--save", "", "--daemonize", "no"]) { RedirectStandardOutput = true }) ?? throw new IOException($"{path} could not be started.");
        try
        {
            while (await process.StandardOutput.ReadLineAsync(cancellationToken) is { } line)
            {
                if (!line.Contains("Ready to accept connections", StringComparison.Ordinal)) continue;
                // What else it says must not fill its pipe.
                _ = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
                return new(process, $"127.0.0.1:{port}");
            }

            throw new IOException($"{path} ended as it started; try it by hand: {ServerName} --port {port}.");
        }
        catch
        {
            await EndAsync(process);
            throw;
        }
    }

    public ValueTask DisposeAsync() => EndAsync(_process);

    private static async ValueTask EndAsync(Process process)
    {
        process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
    }
}
