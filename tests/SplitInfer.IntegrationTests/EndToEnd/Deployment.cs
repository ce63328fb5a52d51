using SplitInfer.Client;
using SplitInfer.Server;
using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.EndToEnd;

/// <summary>A server in this process that serves one model, on a free port of the loopback interface.</summary>
internal sealed class Deployment : IAsyncDisposable
{
    private readonly TestFolder _folder;

    private Deployment(TestFolder folder, string model, SplitInferServer server) => (_folder, Model, Server) = (folder, model, server);

    public string Model { get; }

    public SplitInferServer Server { get; }

    /// <summary>Where the repository lies.</summary>
    public string ModelsDirectory => _folder.Path;

    public static async Task<Deployment> StartAsync(byte[] model, Action<SplitInferServerOptions>? configure = null)
    {
        var folder = new TestFolder();
        var path = folder["demo/1/model.onnx"];
        await File.WriteAllBytesAsync(path, model);
        var options = new SplitInferServerOptions { ModelsDirectory = folder.Path, Listen = { new Uri("tcp://127.0.0.1:0") } };
        options.Execution.IntraOpThreads = 1;
        configure?.Invoke(options);
        return new(folder, path, await SplitInferServer.StartAsync(options));
    }

    public ValueTask<SplitInferenceClient> ConnectAsync(Action<SplitInferenceOptions>? configure = null)
    {
        var options = new SplitInferenceOptions { ModelPath = Model, Server = Server.Endpoints[0] };
        options.Execution.IntraOpThreads = 1;
        configure?.Invoke(options);
        return SplitInferenceClient.CreateAsync(options);
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        _folder.Dispose();
    }
}
