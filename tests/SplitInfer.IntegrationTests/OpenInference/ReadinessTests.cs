using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using SplitInfer.Codecs;
using SplitInfer.Partitioning;
using SplitInfer.Segments;
using SplitInfer.Server;
using SplitInfer.Server.Connections;
using SplitInfer.Server.Models;
using SplitInfer.Server.Scheduling;
using SplitInfer.Server.WholeModels;
using SplitInfer.Tensors;
using SplitInfer.Testing.Execution;

namespace SplitInfer.IntegrationTests.OpenInference;

/// <summary>A model is ready where it ran with success lately, whoever asked for that.</summary>
public sealed class ReadinessTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly ModelRegistry _registry = new("1.0");
    private readonly FrameServer _server;
    private readonly ReadinessProbe _probe;
    private readonly TriedModel _model = new("m");

    public ReadinessTests()
    {
        var health = new RunHealth(_time);
        _registry.Publish(_model);
        _server = ServerComposition.CreateFrameServer(_registry, CodecRegistry.Default, new(), _time, NullLogger.Instance, health: health);
        _probe = new(new(_server.Context), health, _time);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task An_idle_model_is_run_once_and_then_not_again_until_that_is_some_time_ago()
    {
        for (var ask = 0; ask < 5; ask++) Assert.True(await IsReadyAsync());
        Assert.Equal(1, _model.Runs);
        _time.Advance(ReadinessProbe.Lately);
        Assert.True(await IsReadyAsync());
        Assert.Equal(1, _model.Runs);
        _time.Advance(TimeSpan.FromTicks(1));
        Assert.True(await IsReadyAsync());
        Assert.Equal(2, _model.Runs);
    }

    [Fact]
    public async Task Many_who_ask_at_once_share_one_run()
    {
        _model.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var asking = Enumerable.Range(0, 20).Select(_ => IsReadyAsync()).ToList();
        _model.Gate.SetResult();
        Assert.All(await Task.WhenAll(asking), Assert.True);
        Assert.Equal(1, _model.Runs);
    }

    [Fact]
    public async Task A_model_that_does_not_run_is_not_ready_and_not_tried_again_at_once()
    {
        _model.IsBroken = true;
        for (var ask = 0; ask < 5; ask++) Assert.False(await IsReadyAsync());
        Assert.Equal(1, _model.Runs);
        _model.IsBroken = false;
        _time.Advance(ReadinessProbe.RetryInterval);
        Assert.True(await IsReadyAsync());
        Assert.Equal(2, _model.Runs);
    }

    [Fact]
    public async Task One_that_takes_long_is_not_ready_until_it_has_run()
    {
        _model.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var asking = IsReadyAsync();
        while (_model.Runs == 0) await Task.Delay(1);
        while (!asking.IsCompleted)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(1);
        }

        Assert.False(await asking);
        _model.Gate.SetResult();
        while (!await IsReadyAsync()) await Task.Delay(1);
        Assert.Equal(1, _model.Runs);
    }

    [Fact]
    public async Task A_server_is_ready_with_one_model_that_is()
    {
        _model.IsBroken = true;
        var other = new TriedModel("other");
        _registry.Publish(other);
        Assert.True(await _probe.IsAnyReadyAsync(_registry.Models, CancellationToken.None));
        other.IsBroken = true;
        _time.Advance(ReadinessProbe.Lately + TimeSpan.FromSeconds(1));
        Assert.False(await _probe.IsAnyReadyAsync(_registry.Models, CancellationToken.None));
        Assert.False(await _probe.IsAnyReadyAsync([], CancellationToken.None));
    }

    [Fact]
    public async Task One_that_cannot_be_tried_is_taken_to_be_ready()
    {
        _model.CanBeTried = false;
        Assert.True(await IsReadyAsync());
        Assert.Equal(0, _model.Runs);
    }

    private Task<bool> IsReadyAsync() => _probe.IsReadyAsync(_model, CancellationToken.None);

    private sealed class TriedModel(string name) : IServedModel
    {
        private static readonly PartitionedModel Model = PartitionedModel.Load(SmallModels.Sum());
        private int _runs;

        public int Runs => Volatile.Read(ref _runs);

        public bool IsBroken { get; set; }

        public bool CanBeTried { get; set; } = true;

        public TaskCompletionSource? Gate { get; set; }

        public string Name => name;

        public string Version => "1";

        public PartitionPlan Plan => Model.Plan;

        public TensorValue[]? MakeInputs() => CanBeTried ? [.. Model.MakeInputs(seed: 0)] : null;

        public ValueTask<SegmentLease> RentTailAsync(int partition, CancellationToken cancellationToken) => new(new SegmentLease(new ScriptedRunner(RunAsync)));

        public void Dispose()
        {
        }

        private async ValueTask RunAsync(ReadOnlyMemory<TensorValue> boundary, Memory<TensorValue> outputs, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _runs);
            if (Gate is { } gate) await gate.Task;
            if (IsBroken) throw new InvalidOperationException("broken");
            outputs.Span[0] = TensorValue.From<float>([1, 2, 3], 1, 3);
            outputs.Span[1] = TensorValue.From<bool>([true, false, true], 1, 3);
        }
    }
}
