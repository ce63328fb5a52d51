using SplitInfer.Client;
using SplitInfer.IntegrationTests.EndToEnd;

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

    public async ValueTask DisposeAsync()
    {
        await client.DisposeAsync();
        await deployment.DisposeAsync();
    }
}
