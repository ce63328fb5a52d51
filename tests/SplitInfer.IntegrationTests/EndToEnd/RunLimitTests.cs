using SplitInfer.Client;
using SplitInfer.Protocol;
using SplitInfer.Server;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.EndToEnd;

/// <summary>Requests of a few bytes that make a tail run for ever, or yield far more than it was given.</summary>
public class RunLimitTests
{
    [Fact]
    public async Task A_tail_without_end_is_stopped_and_the_server_goes_on()
    {
        var g = new GraphBuilder();
        var body = g.Body("body");
        body.Input("i", ElementType.Int64);
        var go = body.Input("go", ElementType.Bool);
        var state = body.Input("state", ElementType.Float32, 1, 4);
        body.Output(body.Identity(go));
        body.Output(body.Tanh(state));
        g.Output(g.Node("Loop", [g.Input("count", ElementType.Int64), null, g.Input("x", ElementType.Float32, 1, 4)], ("body", body)).Typed(ElementType.Float32), "y");

        var refusal = await RefusedAsync(g, "count", 1L << 62, static limits => limits.MaxRunTime = TimeSpan.FromSeconds(3));

        Assert.Contains("MaxRunTime", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tail_that_yields_too_much_is_refused_and_the_server_goes_on()
    {
        var g = new GraphBuilder();
        var size = g.Node("Reshape", [g.Input("count", ElementType.Int64), g.Longs(1)]).Typed(ElementType.Int64);
        g.Output(g.Relu(g.Node("Expand", [g.Input("x", ElementType.Float32, 1, 4), g.Node("Concat", [size, g.Longs(4)], ("axis", 0)).Typed(ElementType.Int64)])), "y");

        var refusal = await RefusedAsync(g, "count", 1_000_000, static limits => limits.MaxOutputBytes = 1 << 20);

        Assert.Contains("1048576", refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>Asks for too much, and then, as somebody else, for little.</summary>
    private static async Task<TailRefusedException> RefusedAsync(GraphBuilder model, string input, long tooMuch, Action<ServerLimits> configure)
    {
        await using var deployment = await Deployment.StartAsync(model.ToBytes(), options => configure(options.Limits));
        await using var greedy = await deployment.ConnectAsync(static o => o.OnServerFailure = OnServerFailure.Throw);
        await using var polite = await deployment.ConnectAsync(static o => o.OnServerFailure = OnServerFailure.Throw);

        var refusal = await Assert.ThrowsAsync<TailRefusedException>(async () => await InferAsync(greedy, tooMuch));

        Assert.Equal(RefusalCode.LimitExceeded, refusal.Code);
        using var result = await InferAsync(polite, 1);
        Assert.Equal(4, result.Outputs[0].Shape.ElementCount);
        return refusal;

        async Task<InferenceResult> InferAsync(SplitInferenceClient client, long number)
        {
            using var count = TensorValue.From<long>([number], []);
            using var x = TensorValue.From<float>([1, 2, 3, 4], 1, 4);
            return await client.InferAsync(new Dictionary<string, TensorValue> { [input] = count, ["x"] = x }, new() { Partition = 0 });
        }
    }
}
