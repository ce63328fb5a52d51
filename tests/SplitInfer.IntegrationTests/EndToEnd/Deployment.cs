using SplitInfer.Client;
using SplitInfer.Client.Transport;
using SplitInfer.Codecs;
using SplitInfer.Partitioning;
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

    /// <summary>A client whose boundaries go through <paramref name="between"/> on their way to the server.</summary>
    public ValueTask<SplitInferenceClient> ConnectAsync(Func<ITailTransport, ITailTransport> between, Action<SplitInferenceOptions> configure)
    {
        var options = new SplitInferenceOptions { ModelPath = Model };
        options.Execution.IntraOpThreads = 1;
        configure(options);
        var model = PartitionedModel.Load(Model, options.Plan, options.Execution);
        var transport = new RemoteTailTransport(Server.Endpoints[0], "", "", model.Plan, CodecRegistry.Default, options.Transport, options.TimeProvider);
        options.Servers = [new() { Transport = between(transport) }];
        return SplitInferenceClient.CreateAsync(options, model);
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        _folder.Dispose();
    }
}
