using SplitInfer.Client;
using SplitInfer.Server;
using SplitInfer.Tensors;

namespace Extending;

/// <summary>A server and a client in this process, so that a sample needs nothing else.</summary>
public static class Deployment
{
    /// <summary>Starts both, lets the client infer, and stops both.</summary>
    /// <param name="model">An ONNX file with one float32 input.</param>
    /// <param name="server">Sets options of the server.</param>
    /// <param name="client">Sets options of the client.</param>
    /// <param name="use">Uses the client.</param>
    public static async Task UseAsync(string model, Action<SplitInferServerOptions> server, Action<SplitInferenceOptions> client, Func<SplitInferenceClient, Tensor, Task> use)
    {
        var models = Directory.CreateTempSubdirectory("extending-").FullName;
        try
        {
            File.Copy(model, Path.Combine(Directory.CreateDirectory(Path.Combine(models, "demo", "1")).FullName, "model.onnx"));
            var serverOptions = new SplitInferServerOptions { ModelsDirectory = models, Listen = { new Uri("tcp://127.0.0.1:0") } };
            server(serverOptions);
            await using var host = await SplitInferServer.StartAsync(serverOptions);
            var clientOptions = new SplitInferenceOptions { ModelPath = model, Server = host.Endpoints[0] };
            client(clientOptions);
            await using var splitInfer = await SplitInferenceClient.CreateAsync(clientOptions);
            var spec = splitInfer.Plan.Inputs[0];
            using var input = Tensor.Allocate(spec.Type, new(spec.Shape.Dimensions));
            var random = new Random(1);
            foreach (ref var value in input.Span<float>()) value = random.NextSingle();
            await use(splitInfer, input);
        }
        finally
        {
            Directory.Delete(models, recursive: true);
        }
    }
}
