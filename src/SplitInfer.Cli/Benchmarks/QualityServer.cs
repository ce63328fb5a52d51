using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using SplitInfer.Cli.Processes;
using SplitInfer.Exits;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>A server in a process of its own that has one model, with some exits or none, in a folder that goes with it.</summary>
internal sealed class QualityServer : IDisposable
{
    private readonly Process _process;
    private readonly string _folder;

    private QualityServer(Process process, string folder, Uri address) => (_process, _folder, Address) = (process, folder, address);

    /// <summary>Where it listens.</summary>
    public Uri Address { get; }

    /// <summary>Starts a server that runs one request at a time.</summary>
    /// <param name="model">The model file; what lies beside it is not looked at.</param>
    /// <param name="serving">Its exits, and what its time costs.</param>
    /// <param name="slowdown">How many times as long everything takes there.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="IOException">It does not start; the message has what it said.</exception>
    public static async Task<QualityServer> StartAsync(string model, QualityServing serving, double slowdown, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("splitinfer-quality-").FullName;
        Process? process = null;
        try
        {
            var version = Directory.CreateDirectory(Path.Combine(folder, "model", "1")).FullName;
            File.Copy(model, Path.Combine(version, "model.onnx"));
            if (serving.Exits is { } exits) ExitsFile.Save(Path.Combine(version, "exits.json"), exits);
            var start = ThisProgram.With(
            [
                "serve", "--models", folder, "--listen", "tcp://127.0.0.1:0", "--no-watch", "--no-trial", "--threads", "1", "--json", "--slowdown", slowdown.ToString(CultureInfo.InvariantCulture),
                "--limit", "MaxConcurrentRuns=1", "--limit", "MaxInFlightPerConnection=256",
                .. serving.HasPrices ? (string[])[] : ["--no-prices"],
            ]);
            start.RedirectStandardError = true;
            process = Process.Start(start) ?? throw new IOException("The server's process does not start. Run the tool from its own installation.");
            var said = process.StandardError.ReadToEndAsync(CancellationToken.None);
            var line = await process.StandardOutput.ReadLineAsync(cancellationToken).ConfigureAwait(false);
            if (line is null) throw new IOException($"The server ended before it listened: {(await said.ConfigureAwait(false)).Trim()}");
            using var json = JsonDocument.Parse(line);
            return new(process, folder, new Uri(json.RootElement.GetProperty("listening").GetString()!));
        }
        catch
        {
            End(process, folder);
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => End(_process, _folder);

    private static void End(Process? process, string folder)
    {
        if (process is { HasExited: false }) process.Kill(entireProcessTree: true);
        process?.WaitForExit();
        process?.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}
