using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Server.Tests;

public class SplitInferServerTests
{
    [Fact]
    public async Task A_server_may_be_disposed_twice_and_without_waiting()
    {
        using var folder = new TestFolder();
        var g = new GraphBuilder();
        g.Output(g.Dense(g.Input("x", ElementType.Float32, 1, 8), 8));
        Directory.CreateDirectory(folder["model/1"]);
        await File.WriteAllBytesAsync(folder["model/1/model.onnx"], g.ToBytes());
        var options = new SplitInferServerOptions { ModelsDirectory = folder.Path, Execution = { IntraOpThreads = 1 } };
        options.Listen.Add(new Uri("tcp://127.0.0.1:0"));
        var server = await SplitInferServer.StartAsync(options);

        server.Dispose();
        server.Dispose();
        await server.DisposeAsync();

        await server.StopAsync(CancellationToken.None);
    }
}
