using System.Diagnostics;
using System.Globalization;
using SplitInfer.Testing;

namespace SplitInfer.Fleet.Tests;

/// <summary>Debian's redis-server in a process of its own, at a free port of this machine, which writes nothing to a disk.</summary>
internal sealed class RedisServer : IAsyncDisposable
{
    private readonly Process _process;
    private bool _isDisposed;

    private RedisServer(Process process, string address) => (_process, Address) = (process, address);

    /// <summary>Where it is, as HOST:PORT.</summary>
    public string Address { get; }

    public static async Task<RedisServer> StartAsync()
    {
        var port = FreePort.Take().ToString(CultureInfo.InvariantCulture);
        var process = Process.Start(new ProcessStartInfo(InstalledCommand.PathOf("redis-server")!, ["--bind", "127.0.0.1", "--port", port, "--save", "", "--daemonize", "no"]) { RedirectStandardOutput = true })!;
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (!line.Contains("Ready to accept connections", StringComparison.Ordinal)) continue;
            // What else it says must not fill its pipe.
            _ = process.StandardOutput.ReadToEndAsync();
            return new(process, $"127.0.0.1:{port}");
        }

        throw new InvalidOperationException("redis-server has ended.");
    }

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
