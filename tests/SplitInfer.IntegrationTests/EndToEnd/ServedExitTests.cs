using SplitInfer.Client;
using SplitInfer.Client.Transport;
using SplitInfer.Codecs;
using SplitInfer.Codecs.Raw;
using SplitInfer.Exits;
using SplitInfer.Partitioning;
using SplitInfer.Segments;
using SplitInfer.Server;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.EndToEnd;

/// <summary>Exits of a server over real sockets: what they answer is what <see cref="ExitHead"/> makes of the boundary of their cut.</summary>
public sealed class ServedExitTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Every_exit_at_every_partition_answers_as_its_head_does()
    {
        var model = Build();
        int[] cuts = [.. HandmadeExits.Cuts(model)];
        await using var server = await HandmadeExits.ServeAsync([.. cuts.Select(cut => ($"exit{cut}", HandmadeExits.At(model, [cut], answersAll: true)))], model);
        var inputs = model.MakeInputs(seed: 7).ToArray();
        foreach (var cut in cuts)
        {
            var exits = HandmadeExits.At(model, [cut], answersAll: true);
            var (scores, expected) = (new float[exits.Classes], Expected(model, exits, inputs));
            foreach (var from in model.Plan.Partitions.Where(partition => partition.IsAdmissible && partition.Index <= cut).Select(static partition => partition.Index))
            {
                using var reply = await SendUntilAnExitAnswersAsync(server, $"exit{cut}", model, from, inputs);
                Assert.Equal((1, expected.Confidence), (reply.Exit, Math.Round(reply.Confidence, 3)));
                var output = Assert.Single(reply.Outputs)!;
                Assert.True(model.Plan.Outputs[0].Accepts(output.ElementType, output.Shape));
                Assert.All(output.Span<float>().ToArray().Zip(expected.Scores), pair => Assert.Equal(pair.Second, pair.First, 1e-3f));
            }
        }

        foreach (var input in inputs) input.Dispose();
    }

    [Fact]
    public async Task Who_does_not_allow_exits_or_asks_for_more_than_they_give_gets_the_models_own_outputs()
    {
        var model = Build();
        int[] cuts = [.. HandmadeExits.Cuts(model)];
        await using var server = await HandmadeExits.ServeAsync([("exits", HandmadeExits.At(model, cuts, answersAll: true))], model);
        var inputs = model.MakeInputs(seed: 7).ToArray();
        using var whole = LoadedCut.Load(model, 0, new() { IntraOpThreads = 1 });
        var own = whole.Run(inputs);
        foreach (var quality in new double?[] { null, 1 })
        {
            using var reply = await SendAsync(server, "exits", model, 0, inputs, quality);
            Assert.Equal(0, reply.Exit);
            Assert.All(reply.Outputs[0]!.Span<float>().ToArray().Zip(own[0].Span<float>().ToArray()), static pair => Assert.Equal(pair.Second, pair.First, 1e-3f));
        }

        foreach (var tensor in inputs.Concat(own)) tensor.Dispose();
    }

    [Fact]
    public async Task A_client_allows_exits_by_request_and_is_told_which_one_answered()
    {
        var model = Build();
        var cut = HandmadeExits.Cuts(model).First();
        await using var server = await HandmadeExits.ServeAsync([("exits", HandmadeExits.At(model, [cut], answersAll: true))], model);
        await using var client = await SplitInferenceClient.CreateAsync(new() { ModelPath = model.Source, Server = server.Endpoints[0], Execution = { IntraOpThreads = 1 } });
        var inputs = model.MakeInputs(seed: 7).ToArray();
        using (var result = await client.InferAsync(inputs, new InferenceRequest { Partition = 0, MinQuality = 0, User = "camera" })) Assert.Equal(1, result.Exit);
        using (var result = await client.InferAsync(inputs, new InferenceRequest { Partition = 0 })) Assert.Equal(0, result.Exit);
        foreach (var input in inputs) input.Dispose();
    }

    [Fact]
    public async Task Exits_beside_a_model_are_served_and_those_of_another_one_leave_it_without()
    {
        var model = Build();
        var cut = HandmadeExits.Cuts(model).First();
        var own = HandmadeExits.At(model, [cut], answersAll: true);
        // What stood in memory behind the scores of fewer classes would be sent with them.
        var narrow = own with { Classes = 5, Exits = [.. own.Exits.Select(static exit => exit with { Weights = exit.Weights[..(exit.Weights.Length / 2)], Biases = exit.Biases[..5] })] };
        foreach (var (name, exits) in new[] { ("own", own), ("others", own with { Model = own.Plan }), ("narrow", narrow) })
        {
            File.Copy(model.Source, _folder[$"models/{name}/1/model.onnx"]);
            ExitsFile.Save(_folder[$"models/{name}/1/exits.json"], exits);
        }

        await using var server = await SplitInferServer.StartAsync(new() { ModelsDirectory = _folder["models"], Listen = { new("tcp://127.0.0.1:0") } });
        Assert.Equal(3, server.Models.Count);
        Assert.Equal(["narrow", "others"], server.RefusedModels.Select(static refused => refused.Name).Order());
        Assert.All(server.RefusedModels, static refused => Assert.Contains("without exits", refused.Reason, StringComparison.Ordinal));
        var inputs = model.MakeInputs(seed: 7).ToArray();
        foreach (var (name, exit) in new[] { ("own", 1), ("others", 0), ("narrow", 0) })
        {
            using var reply = await SendAsync(server, name, model, 0, inputs, minQuality: 0.5);
            Assert.Equal(exit, reply.Exit);
        }

        foreach (var input in inputs) input.Dispose();
    }

    private static (double Confidence, float[] Scores) Expected(PartitionedModel model, ModelExits exits, TensorValue[] inputs)
    {
        using var cut = LoadedCut.Load(model, exits.Exits[0].Partition, new() { IntraOpThreads = 1 });
        var boundary = cut.MakeBoundary(inputs);
        var scores = new float[exits.Classes];
        var answer = new ExitHead(exits, exits.Exits[0]).Evaluate(boundary, scores);
        foreach (var tensor in boundary) tensor.Dispose();
        return (Math.Round(answer.Confidence, 3), scores);
    }

    // Now and then an idle server lets the model answer, to check what exits are worth.
    private static async Task<TailReply> SendUntilAnExitAnswersAsync(SplitInferServer server, string name, PartitionedModel model, int from, TensorValue[] inputs)
    {
        for (var tries = 1; ; tries++)
        {
            var reply = await SendAsync(server, name, model, from, inputs, minQuality: 0.5);
            if (reply.Exit > 0 || tries == 4) return reply;
            reply.Dispose();
        }
    }

    private static async Task<TailReply> SendAsync(SplitInferServer server, string name, PartitionedModel model, int from, TensorValue[] inputs, double? minQuality)
    {
        await using var transport = new RemoteTailTransport(server.Endpoints[0], name, "", model.Plan, CodecRegistry.Default, new(), TimeProvider.System);
        using var cut = LoadedCut.Load(model, from, new() { IntraOpThreads = 1 });
        var boundary = cut.MakeBoundary(inputs);
        try
        {
            return await transport.SendAsync(new() { Partition = cut.Partition, Codec = new RawCodec(), SymbolSizes = [], Boundary = boundary, MinQuality = minQuality });
        }
        finally
        {
            foreach (var tensor in boundary) tensor.Dispose();
        }
    }

    private PartitionedModel Build() => HandmadeExits.Model(_folder["resnet.onnx"]);
}
