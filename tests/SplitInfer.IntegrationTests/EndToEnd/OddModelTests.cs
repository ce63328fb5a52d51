using SplitInfer.Client;
using SplitInfer.Policies;
using SplitInfer.Partitioning;
using SplitInfer.Segments;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.EndToEnd;

/// <summary>Models that were made to break what reads them: right, or refused in words, and never without end.</summary>
public class OddModelTests
{
    private static readonly TimeSpan MeasureTime = TimeSpan.FromMilliseconds(500);

    [SharedTheory]
    [InlineData("nm_esc.onnx")]
    [InlineData("wide_3000.onnx")]
    public async Task A_client_with_a_server_gives_what_the_whole_model_gives(string file)
    {
        await using var deployment = await Deployment.StartAsync(await File.ReadAllBytesAsync(SharedData.Case($"odd/{file}")));
        await using var client = await deployment.ConnectAsync();
        var inputs = client.Plan.Inputs.ToDictionary(static i => i.Name, static i => RandomTensor.Normal(new Random(1), i.Type, i.Shape.Dimensions));
        using var whole = await client.InferAsync(inputs, new() { Partition = client.Plan.AllOnDevice.Index });

        foreach (var partition in client.Plan.Partitions.Where(static p => p.IsAdmissible).Take(4))
        {
            using var split = await client.InferAsync(inputs, new() { Partition = partition.Index });
            foreach (var (expected, actual) in whole.Outputs.Zip(split.Outputs))
                Assert.True(TensorDifference.Between(expected, actual).IsWithin(1e-4), $"partition {partition.Index}");
        }
    }

    [SharedTheory]
    [InlineData("nm_nul_in.onnx", "NUL")]
    [InlineData("if_nested_200.onnx", "nested")]
    public async Task A_client_refuses_in_words_what_the_engine_cannot_be_given(string file, string words)
    {
        var error = await Assert.ThrowsAnyAsync<SplitInferException>(async () => await SplitInferenceClient.CreateAsync(new() { ModelPath = SharedData.Case($"odd/{file}") }));

        Assert.Contains(file, error.Message, StringComparison.Ordinal);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    [SharedTheory]
    [InlineData("loop_2e62_iterations.onnx")]
    [InlineData("measure_bomb_tile.onnx")]
    public async Task Segments_and_clients_of_a_model_without_end_or_measure_are_made_and_its_requests_can_be_cancelled(string file)
    {
        var options = Options(file);
        var model = PartitionedModel.Load(options.ModelPath, options.Plan, options.Execution);
        using var compiler = new SegmentCompiler(model, options.Execution);
        foreach (var partition in model.Plan.Partitions.Where(static p => p.IsAdmissible))
        {
            if (model.Route(partition.Index).HasHead) compiler.Compile(new(SegmentSide.Head, partition.Index)).Dispose();
            if (!partition.TailOutputs.IsEmpty) compiler.Compile(new(SegmentSide.Tail, partition.Index)).Dispose();
        }

        // A policy that learns measures the device when the client is made.
        options.Policy = PolicyNames.MuLinUcb;
        await using var client = await SplitInferenceClient.CreateAsync(options);
        var inputs = model.MakeInputs(seed: 1);
        using var cancellation = new CancellationTokenSource(TimeSpan.FromSeconds(1));

        var error = await Assert.ThrowsAnyAsync<Exception>(async () =>
            await client.InferAsync(client.Plan.Inputs.Select((i, place) => (i.Name, place)).ToDictionary(static i => i.Name, i => inputs[i.place]), cancellationToken: cancellation.Token));

        Assert.True(error is SplitInferException or OperationCanceledException, error.ToString());
    }

    private static SplitInferenceOptions Options(string file)
    {
        var options = new SplitInferenceOptions { ModelPath = SharedData.Case($"odd/{file}"), Plan = { MaxMeasureTime = MeasureTime } };
        options.Execution.IntraOpThreads = 1;
        return options;
    }
}
