using SplitInfer.Client;
using SplitInfer.IntegrationTests.EndToEnd;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.Learning;

/// <summary>A client whose policy and whose link to a real server a test commands.</summary>
internal sealed class RacedClient(Deployment deployment, SplitInferenceClient client, ScriptedPolicy policy, GatedTransport gate) : IAsyncDisposable
{
    public SplitInferenceClient Client => client;

    public ScriptedPolicy Policy => policy;

    public GatedTransport Gate => gate;

    public static async Task<RacedClient> StartAsync(byte[] model, Action<SplitInferenceOptions>? configure = null)
    {
        var deployment = await Deployment.StartAsync(model, o => o.PreloadArms = true);
        GatedTransport? gate = null;
        ScriptedPolicy? policy = null;
        var client = await deployment.ConnectAsync(
            transport => gate = new(transport),
            options =>
            {
                options.CustomPolicy = setup => policy = new(setup);
                (options.PreloadArms, options.Codec) = (true, "Raw");
                configure?.Invoke(options);
            });
        return new(deployment, client, policy!, gate!);
    }

    /// <summary>An input of the networks that these tests build.</summary>
    public static TensorValue Input(int seed) => RandomTensor.Normal(new Random(seed), ElementType.Float32, 1, 3, 32, 32);

    /// <summary>Waits for what happens beside the test.</summary>
    public static async Task UntilAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!condition()) await Task.Delay(5, limit.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await client.DisposeAsync();
        await deployment.DisposeAsync();
    }
}
