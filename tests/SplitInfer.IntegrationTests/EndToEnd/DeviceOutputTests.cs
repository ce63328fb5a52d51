using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.EndToEnd;

/// <summary>What cannot cross a cut is made on the device of what can.</summary>
public class DeviceOutputTests
{
    [Fact]
    public async Task A_sequence_is_made_of_what_the_server_gives()
    {
        var g = new GraphBuilder();
        var y = g.Tanh(g.Relu(g.Input("x", ElementType.Float32, 2, 3)));
        g.Output(g.Sigmoid(y), "scores");
        g.Output(g.Node("SplitToSequence", [y], ("axis", 0)), "rows");
        await using var deployment = await Deployment.StartAsync(WithoutTypes(g));
        await using var client = await deployment.ConnectAsync();
        using var x = TensorValue.From<float>([-1, 2, 3, 4, -5, 6], 2, 3);

        Assert.Equal(["rows"], client.Plan.DeviceOutputs.AsEnumerable());
        foreach (var partition in client.Plan.Partitions)
        {
            using var result = await client.InferAsync(x, new() { Partition = partition.Index });

            var rows = result.DeviceOutputs["rows"].Items;
            Assert.Equal(2, rows.Count);
            float[] expected = [.. x.Span<float>().ToArray().Select(static v => MathF.Tanh(MathF.Max(v, 0)))];
            Assert.Equal(expected, rows.SelectMany(static row => row.Tensor!.Span<float>().ToArray()), static (a, b) => Math.Abs(a - b) < 1e-6);
            Assert.Equal(MathF.Exp(expected[1]) / (1 + MathF.Exp(expected[1])), result["scores"].Span<float>()[1], 1e-5f);
        }
    }

    [Fact]
    public async Task Text_is_made_of_what_the_server_gives()
    {
        var g = new GraphBuilder();
        g.Output(g.Cast(g.Cast(g.Relu(g.Input("x", ElementType.Float32, 3)), ElementType.Int64), ElementType.Text), "words");
        await using var deployment = await Deployment.StartAsync(g.ToBytes());
        await using var client = await deployment.ConnectAsync();
        using var x = TensorValue.From<float>([-1, 2, 30]);

        using var result = await client.InferAsync(x, new() { Partition = 0 });

        Assert.Equal(Client.InferenceSource.Server, result.Source);
        Assert.Equal(["0", "2", "30"], result.DeviceOutputs["words"].Tensor!.Text.ToArray());
    }

    /// <summary>What makes them is loaded before, so that no request has to wait for it.</summary>
    [Fact]
    public async Task The_first_request_loads_nothing()
    {
        var g = new GraphBuilder();
        g.Output(g.Cast(g.Cast(g.Relu(g.Input("x", ElementType.Float32, 3)), ElementType.Int64), ElementType.Text), "words");
        await using var deployment = await Deployment.StartAsync(g.ToBytes());
        var loads = 0;
        await using var client = await deployment.ConnectAsync(options =>
        {
            options.PreloadArms = true;
            options.Execution.Engine = new RefusingEngine((_, _) => Interlocked.Increment(ref loads) < 0);
        });
        var before = loads;
        using var x = TensorValue.From<float>([-1, 2, 30]);
        using var result = await client.InferAsync(x, new() { Partition = 0 });
        Assert.Equal(["0", "2", "30"], result.DeviceOutputs["words"].Tensor!.Text.ToArray());
        Assert.Equal(before, loads);
    }

    private static byte[] WithoutTypes(GraphBuilder g)
    {
        var model = Models.Onnx.ModelProto.Parser.ParseFrom(g.ToBytes());
        foreach (var output in model.Graph.Output.Where(static o => o.Name == "rows"))
            output.Type = new() { SequenceType = new() { ElemType = new() { TensorType = new() { ElemType = (int)ElementType.Float32 } } } };
        return Google.Protobuf.MessageExtensions.ToByteArray(model);
    }
}
