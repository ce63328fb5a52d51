using SplitInfer.Server;

namespace ImageClassifier;

/// <summary>Serves every model of a folder until Ctrl+C. It knows nothing of pictures: what it gets are tensors.</summary>
internal static class TailServer
{
    public static async Task RunAsync(string models, Uri address)
    {
        await using var server = await SplitInferServer.StartAsync(new() { ModelsDirectory = models, Listen = { address } });
        Console.WriteLine($"Listening on {server.Endpoints[0]}");
        var stop = new TaskCompletionSource();
        Console.CancelKeyPress += (_, signal) => signal.Cancel = stop.TrySetResult();
        await stop.Task;
    }
}
