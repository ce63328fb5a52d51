using SplitInfer.Exits;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>A server in a process of its own that has one model, with some exits or none, in a folder that goes with it.</summary>
internal sealed class QualityServer : IDisposable
{
    private readonly BenchmarkServer _server;
    private readonly string _folder;

    private QualityServer(BenchmarkServer server, string folder) => (_server, _folder) = (server, folder);

    /// <summary>Where it listens.</summary>
    public Uri Address => _server.Address;

    /// <summary>Starts a server that runs one request at a time.</summary>
    /// <param name="model">The model file; what lies beside it is not looked at.</param>
    /// <param name="serving">Its exits, and what its time costs.</param>
    /// <param name="slowdown">How many times as long everything takes there.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="IOException">It does not start; the message has what it said.</exception>
    public static async Task<QualityServer> StartAsync(string model, QualityServing serving, double slowdown, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("splitinfer-quality-").FullName;
        try
        {
            var version = Directory.CreateDirectory(Path.Combine(folder, "model", "1")).FullName;
            File.Copy(model, Path.Combine(version, "model.onnx"));
            if (serving.Exits is { } exits) ExitsFile.Save(Path.Combine(version, "exits.json"), exits);
            string[] what = ["--models", folder, "--no-watch", "--limit", "MaxConcurrentRuns=1", "--limit", "MaxInFlightPerConnection=256", .. serving.HasPrices ? (string[])[] : ["--no-prices"]];
            return new(await BenchmarkServer.StartAsync(what, slowdown, cancellationToken).ConfigureAwait(false), folder);
        }
        catch
        {
            Directory.Delete(folder, recursive: true);
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _server.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
