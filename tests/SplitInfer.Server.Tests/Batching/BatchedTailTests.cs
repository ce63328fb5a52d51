using System.Collections.Concurrent;
using SplitInfer.Execution;
using SplitInfer.Partitioning;
using SplitInfer.Segments;
using SplitInfer.Server.Batching;
using SplitInfer.Server.Scheduling;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Server.Tests.Batching;

/// <summary>Tails of real models, with several requests at once.</summary>
public sealed class BatchedTailTests : IBatchLog, IDisposable
{
    private const double Tolerance = 1e-4;

    private readonly TailRunner _runner = new(TimeProvider.System, TimeSpan.FromMinutes(1));
    private readonly ConcurrentQueue<string> _told = [];
    private readonly ConcurrentQueue<Exception> _failures = [];
    private readonly List<IDisposable> _held = [];
    private PartitionedModel _model = null!;
    private SegmentSet _segments = null!;
    private ModelBatches _batches = null!;

    public static TheoryData<string> Models => ["squeezenet_fp32.onnx", "mnist.onnx"];

    [SharedTheory]
    [MemberData(nameof(Models))]
    public async Task Answers_of_a_batch_are_those_of_each_alone(string name)
    {
        Open(PartitionedModel.Load(SharedData.Model(name)));
        var arms = _model.Plan.Arms.Where(arm => arm != _model.Plan.AllOnDevice).ToArray();
        foreach (var (partition, count) in new[] { (arms[0].Index, 2), (arms[^1].Index, 3) }) await AssertSameAsync(partition, count);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    public async Task Fully_connected_tails_answer_each_of_several(int count)
    {
        Open(Dense());
        await AssertSameAsync(0, count);
    }

    [Fact]
    public async Task Numbers_that_are_not_finite_stay_with_the_request_that_sent_them()
    {
        Open(Dense());
        var jobs = await JobsAsync(0, 3);
        jobs[1].Boundary.Span[0].Span<float>()[5] = float.NaN;
        jobs[2].Boundary.Span[0].Span<float>()[6] = float.PositiveInfinity;
        await RunAsync(jobs);
        Assert.Equal([3, 3, 3], jobs.Select(static job => job.Together));
        Assert.Equal([true, false], jobs[..2].Select(static job => float.IsFinite(job.Outputs.Span[0].Span<float>()[0])));
        await AssertAloneAsync(jobs);
    }

    [Fact]
    public async Task What_fails_together_runs_alone_and_only_what_is_at_fault_fails()
    {
        var g = new GraphBuilder();
        g.Output(g.Gemm(g.Reshape(g.Embedding(g.Input("ids", ElementType.Int64, 1, 4), 10, 8), 1, 32), 5), "y");
        Open(PartitionedModel.Load(g.ToBytes()));
        var jobs = await JobsAsync(0, 4);
        jobs[2].Boundary.Span[0].Span<long>()[1] = 1000;
        await RunAsync(jobs);
        Assert.Equal([null, null, typeof(EngineException), null], jobs.Select(static job => job.Failure?.GetType()));
        Assert.All(jobs, static job => Assert.Equal(1, job.Together));
        Assert.False(jobs[0].Batches!.IsOpen(TimeProvider.System.GetTimestamp()));
        await RunAsync(jobs);
        Assert.Single(_failures);
    }

    [Fact]
    public async Task A_request_that_was_stopped_leaves_the_others_as_they_are()
    {
        Open(Dense());
        var jobs = await JobsAsync(0, 4);
        jobs[0].Stop.Cancel();
        await RunAsync(jobs);
        Assert.IsType<OperationCanceledException>(jobs[0].Failure);
        Assert.Equal([1, 3, 3, 3], jobs.Select(static job => job.Together));
        await AssertAloneAsync(jobs[1..]);
        foreach (var job in jobs[1..3]) job.Stop.Cancel();
        await RunAsync(jobs[2..]);
        Assert.Equal([typeof(OperationCanceledException), null], jobs[2..].Select(static job => job.Failure?.GetType()));
    }

    [Fact]
    public async Task Where_the_tail_for_several_is_not_loaded_each_runs_alone_until_it_was_prepared_again()
    {
        Open(Dense());
        var jobs = await JobsAsync(0, 3, loads: false);
        await RunAsync(jobs);
        Assert.All(jobs, static job => Assert.Equal((null, 1), (job.Failure, job.Together)));
        Assert.Equal(0, jobs[0].Batches!.Key);
    }

    [Fact]
    public void What_holds_a_batch_or_has_another_shape_is_not_taken_together()
    {
        var g = new GraphBuilder();
        g.Output(g.Relu(g.Input("x", ElementType.Float32, "rows", 8)), "y");
        Open(PartitionedModel.Load(g.ToBytes()));
        using var two = TensorValue.Allocate(ElementType.Float32, new(2, 8));
        using var one = TensorValue.Allocate(ElementType.Float32, new(1, 8));
        using var longer = TensorValue.Allocate(ElementType.Float32, new(1, 9));
        Assert.Null(_batches.Find(0, [two]));
        var cut = _batches.Find(0, [one]);
        Assert.Same(cut, _batches.Find(0, [one]));
        Assert.NotSame(cut, _batches.Find(0, [longer]));
    }

    [Theory]
    [InlineData("ReduceMean", "is not what it is alone")]
    [InlineData("Slice", "takes the first row only")]
    [InlineData("DynamicQuantizeLinear", "is one for all rows")]
    [InlineData("Flatten", "")]
    public async Task Whether_requests_run_together_is_told_once_and_why_not(string operation, string reason)
    {
        var g = new GraphBuilder();
        var x = g.Input("x", ElementType.Float32, 1, 16);
        var y = operation switch
        {
            "ReduceMean" => g.Sub(x, g.Node("ReduceMean", [x], ("axes", new long[] { 0 }))),
            "Slice" => g.Node("Slice", [x, g.Longs(0), g.Longs(1), g.Longs(0)]),
            "DynamicQuantizeLinear" => g.Cast(g.Nodes("", "DynamicQuantizeLinear", [x], 3)[0], ElementType.Float32),
            _ => g.Gemm(x, 4),
        };
        g.Output(y, "y");
        Open(PartitionedModel.Load(g.ToBytes()));
        foreach (var width in new[] { 16, 16 })
        {
            using var boundary = TensorValue.Allocate(ElementType.Float32, new(1, width));
            // All alike, and constant: what tells rows apart is made up.
            boundary.Span<float>().Fill(1);
            var cut = _batches.Find(0, [boundary])!;
            for (var wait = 0; wait < 40; wait++) cut.NoteWait([boundary]);
        }

        while (_told.IsEmpty) await Task.Delay(1);
        Assert.Contains(reason, _told.Single(), StringComparison.Ordinal);
        if (reason.Length > 0) Assert.StartsWith("not:", _told.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public void Unloading_a_model_waits_for_what_is_being_prepared()
    {
        Open(Dense());
        var boundary = _model.MakeInputs(1);
        for (var wait = 0; wait < 20; wait++) _batches.Find(0, [.. boundary])!.NoteWait([.. boundary]);
        _batches.Dispose();
        _batches.Dispose();
        foreach (var tensor in boundary) tensor.Dispose();
    }

    public void Dispose()
    {
        foreach (var held in _held) held.Dispose();
        _batches?.Dispose();
        _segments?.Dispose();
    }

    void IBatchLog.Batches(int partition, string gain) => _told.Enqueue($"yes: {gain}");

    void IBatchLog.DoesNotBatch(int partition, string reason, Exception? error) => _told.Enqueue($"not: {reason} {error}");

    void IBatchLog.BatchFailed(int partition, Exception error) => _failures.Enqueue(error);

    private static PartitionedModel Dense()
    {
        var g = new GraphBuilder();
        g.Output(g.Softmax(g.Gemm(g.Relu(g.Gemm(g.Reshape(g.Input("x", ElementType.Float32, 1, 4, 6, 6), 1, 144), 64)), 10)), "y");
        return PartitionedModel.Load(g.ToBytes());
    }

    private void Open(PartitionedModel model)
    {
        _model = model;
        _segments = new SegmentResidency(long.MaxValue).Open(new SegmentCompiler(model, new() { IntraOpThreads = 1 }));
        _batches = new(model, _segments, new(16, TimeSpan.FromMinutes(1), TimeProvider.System), this);
    }

    private async Task AssertSameAsync(int partition, int count)
    {
        var jobs = await JobsAsync(partition, count);
        await RunAsync(jobs);
        Assert.All(jobs, job => Assert.Equal((null, count), (job.Failure, job.Together)));
        await AssertAloneAsync(jobs);
    }

    private async Task AssertAloneAsync(RowJob[] jobs)
    {
        foreach (var job in jobs)
        {
            TensorValue[] together = [.. job.Outputs.ToArray()];
            await RunAsync(job);
            Assert.Equal((null, 1), (job.Failure, job.Together));
            foreach (var (expected, actual) in job.Outputs.ToArray().Zip(together)) Assert.True(TensorDifference.Between(expected, actual).IsWithin(Tolerance));
        }
    }

    private async Task RunAsync(params RowJob[] jobs)
    {
        foreach (var job in jobs) (job.Failure, job.Together) = (null, 1);
        await _runner.RunAsync(jobs.Length == 1 ? jobs[0].Alone : (TailJob[])[.. jobs]);
    }

    private async Task<RowJob[]> JobsAsync(int partition, int count, bool loads = true)
    {
        var tail = await _segments.RentAsync(new(SegmentSide.Tail, partition));
        _held.Add(tail);
        if (loads) _held.Add(await _segments.RentAsync(new(SegmentSide.BatchTail, partition)));
        var jobs = new RowJob[count];
        for (var seed = 0; seed < count; seed++)
        {
            var boundary = _model.MakeInputs(_model.Tail(partition), seed);
            var cut = _batches.Find(partition, boundary)!;
            if (seed == 0) cut.Open(new(1, [(2, 1.1)]), 16);
            _held.Add(jobs[seed] = new(tail, cut, boundary, _model.Plan.Partitions[partition].TailOutputs.Length));
        }

        return jobs;
    }

    private sealed class RowJob : TailJob, IDisposable
    {
        private readonly TensorValue[] _boundary, _outputs;

        public RowJob(SegmentLease tail, BatchableCut cut, TensorValue[] boundary, int outputs)
        {
            (Tail, Batches, _boundary, _outputs) = (tail, cut, boundary, new TensorValue[outputs]);
            Terms = new(this, Cut: 0, Exit: 0, long.MaxValue, ExpectedSeconds: 0, Weight: 1, Connection: 1, "machine", cut.Key);
        }

        public CancellationTokenSource Stop { get; } = new();

        public override ReadOnlyMemory<TensorValue> Boundary => _boundary;

        public override Memory<TensorValue> Outputs => _outputs;

        public override CancellationToken StopToken => Stop.Token;

        public override void OnEnded()
        {
        }

        public void Dispose()
        {
            Stop.Dispose();
            foreach (var tensor in _boundary.Concat(_outputs)) tensor?.Dispose();
        }
    }
}
