using SplitInfer.Partitioning;
using SplitInfer.Tailoring.Verification;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Tailoring.Tests.Verification;

public sealed class ModelVerifierTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly List<TensorValue> _inputs = [];

    public void Dispose()
    {
        foreach (var input in _inputs) input.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Every_partition_that_can_be_made_gives_what_the_whole_model_gives()
    {
        var model = Load(FunctionNet.Build());
        await using var verifier = await ModelVerifier.StartAsync(model, _inputs);
        var verdicts = await verifier.RunAsync().ToListAsync();
        Assert.Equal(model.Plan.Partitions.Where(static p => p.IsAdmissible), verdicts.Select(static v => v.Partition));
        Assert.All(verdicts, static verdict => Assert.True(verdict.IsOk && verdict.IsAsWhole, $"{verdict}"));
    }

    [Fact]
    public async Task Verdicts_come_in_order_however_many_run_at_a_time()
    {
        var model = Load(FunctionNet.Build());
        var begun = new ListProgress<Partition>();
        var chosen = model.Plan.Partitions.Where(static p => p.IsAdmissible).Reverse().ToArray();
        await using var verifier = await ModelVerifier.StartAsync(model, _inputs, new() { MaxConcurrency = 4 });
        var verdicts = await verifier.RunAsync(chosen, begun).ToListAsync();
        Assert.Equal(chosen, verdicts.Select(static v => v.Partition));
        Assert.Equal(chosen.Select(static p => p.Index).Order(), begun.Values.Select(static p => p.Index).Order());
    }

    [Fact]
    public async Task A_runner_that_gives_something_else_fails_and_one_that_throws_says_why()
    {
        var model = Load(FunctionNet.Build());
        var options = new VerificationOptions { OpenRunner = _ => new(new BrokenRunner(model)) };
        await using var verifier = await ModelVerifier.StartAsync(model, _inputs, options);
        var verdicts = await verifier.RunAsync([model.Plan.AllOnServer, model.Plan.AllOnDevice]).ToListAsync();
        Assert.False(verdicts[0].IsOk);
        Assert.Null(verdicts[0].Error);
        Assert.Equal("out of order", verdicts[1].Error);
    }

    [Fact]
    public async Task Known_outputs_that_the_whole_model_does_not_give_fail_every_partition()
    {
        var model = Load(FunctionNet.Build());
        var spec = model.Plan.Outputs[0];
        using var wrong = TensorValue.Allocate(spec.Type, new TensorShape(model.ShapeOf(spec.Name)!.Value.AsSpan()));
        wrong.Span<float>().Fill(1e6f);
        await using var verifier = await ModelVerifier.StartAsync(model, _inputs, new() { KnownOutputs = new Dictionary<string, TensorValue> { [spec.Name] = wrong } });
        await foreach (var verdict in verifier.RunAsync()) Assert.True(!verdict.IsOk && verdict.IsAsWhole, $"{verdict}");
    }

    [Fact]
    public async Task A_model_that_draws_random_numbers_is_not_compared()
    {
        var g = new GraphBuilder("random");
        var x = g.Input("x", ElementType.Float32, 1, 4);
        g.Output(g.Add(x, g.Node("RandomNormalLike", [x]).Typed(x.Type).Shaped([1, 4])), "y");
        var model = Load(g);
        await using var verifier = await ModelVerifier.StartAsync(model, _inputs);
        Assert.StartsWith("RandomNormalLike draws random numbers", verifier.Incomparable, StringComparison.Ordinal);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await verifier.RunAsync().ToListAsync());
    }

    [Fact]
    public async Task What_makes_no_sense_is_refused()
    {
        var model = Load(FunctionNet.Build());
        Assert.Contains("takes 1 inputs", (await Assert.ThrowsAsync<ArgumentException>(() => ModelVerifier.StartAsync(model, []))).Message, StringComparison.Ordinal);
        using var wrong = TensorValue.From<long>([1]);
        await Assert.ThrowsAsync<TensorMismatchException>(() => ModelVerifier.StartAsync(model, [wrong]));
        Assert.Contains(nameof(VerificationOptions.Tolerance), Assert.Throws<ArgumentException>(() => new VerificationOptions { Tolerance = double.NaN }.Validate()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_that_is_stopped_ends()
    {
        var model = Load(FunctionNet.Build());
        await using var verifier = await ModelVerifier.StartAsync(model, _inputs);
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in verifier.RunAsync(cancellationToken: stop.Token)) await stop.CancelAsync();
        });
    }

    private PartitionedModel Load(GraphBuilder graph)
    {
        graph.Save(_folder["model.onnx"]);
        var model = PartitionedModel.Load(_folder["model.onnx"]);
        _inputs.AddRange(model.MakeInputs(seed: 1));
        return model;
    }

    /// <summary>Runs nothing: partition 0 gives zeros, others throw.</summary>
    private sealed class BrokenRunner(PartitionedModel model) : ICutRunner
    {
        public ValueTask<CutOutputs> RunAsync(Partition partition, ReadOnlyMemory<TensorValue> inputs, CancellationToken cancellationToken) => partition.Index > 0
            ? throw new BrokenException("out of order")
            : new(new CutOutputs([.. model.Plan.Outputs.Select(o => TensorValue.Allocate(o.Type, new TensorShape(model.ShapeOf(o.Name)!.Value.AsSpan())))]));

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class BrokenException(string message) : SplitInferException(message);
}
