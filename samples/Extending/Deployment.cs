using SplitInfer.Client;
using SplitInfer.Server;
using SplitInfer.Tensors;

namespace Extending;

/// <summary>A server in this process, so that a sample needs nothing else.</summary>
public static class Deployment
{
    /// <summary>Starts a server that holds a model, and stops it when the sample is done.</summary>
    /// <param name="model">An ONNX file with one float32 input.</param>
    /// <param name="configure">Sets options of the server.</param>
    /// <param name="use">Is given new options for a client of the server, as often as it asks.</param>
    public static async Task UseAsync(string model, Action<SplitInferServerOptions> configure, Func<Func<SplitInferenceOptions>, Task> use)
    {
        var models = Directory.CreateTempSubdirectory("extending-").FullName;
        try
        {
            File.Copy(model, Path.Combine(Directory.CreateDirectory(Path.Combine(models, "demo", "1")).FullName, "model.onnx"));
            var options = new SplitInferServerOptions { ModelsDirectory = models, Listen = { new Uri("tcp://127.0.0.1:0") } };
            configure(options);
            await using var server = await SplitInferServer.StartAsync(options);
            await use(() => new() { ModelPath = model, Server = server.Endpoints[0], StateDirectory = Path.Combine(models, "state") });
        }
        finally
        {
            Directory.Delete(models, recursive: true);
        }
    }

    /// <summary>An input for a client's model, which the caller disposes.</summary>
    public static TensorValue MakeInput(SplitInferenceClient client)
    {
        var spec = client.Plan.Inputs[0];
        var input = TensorValue.Allocate(spec.Type, new(spec.Shape.Dimensions));
        var random = new Random(1);
        foreach (ref var value in input.Span<float>()) value = random.NextSingle();
        return input;
    }
}
