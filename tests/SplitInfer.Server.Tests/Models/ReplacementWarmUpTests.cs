using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Partitioning;
using SplitInfer.Segments;
using SplitInfer.Server.Models;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Server.Tests.Models;

public sealed class ReplacementWarmUpTests : IDisposable
{
    private readonly ExecutionOptions _execution = new() { IntraOpThreads = 1 };
    private readonly SegmentResidency _residency = new(long.MaxValue);
    private readonly List<ServedModel> _served = [];
    private readonly List<int> _failed = [];

    public void Dispose() => _served.ForEach(static one => one.Dispose());

    [Fact]
    public async Task What_clients_use_is_loaded_before_a_model_takes_the_place_of_one_that_is_alike()
    {
        var model = Build(classes: 10);
        var (former, next) = (Open(model), Open(model));
        int[] used = [model.Plan.Arms[0].Index, model.Plan.Arms[1].Index];
        foreach (var partition in used) (await former.RentTailAsync(partition, default)).Dispose();

        await WarmUp(model, next).RunAsync([former], default);

        Assert.Equal(used, next.LoadedTails.Order());
        Assert.Empty(_failed);
    }

    [Fact]
    public async Task Of_another_model_only_the_whole_means_the_same()
    {
        var (before, after) = (Build(classes: 10), Build(classes: 11));
        var (former, next) = (Open(before), Open(after));
        foreach (var partition in new[] { 0, before.Plan.Arms[1].Index }) (await former.RentTailAsync(partition, default)).Dispose();

        await WarmUp(after, next).RunAsync([former], default);

        Assert.Equal([0], next.LoadedTails);
    }

    [Fact]
    public async Task A_model_that_was_disposed_meanwhile_uses_nothing()
    {
        var model = Build(classes: 10);
        var (former, next) = (Open(model), Open(model));
        (await former.RentTailAsync(0, default)).Dispose();
        former.Dispose();

        await WarmUp(model, next).RunAsync([former], default);

        Assert.Empty(next.LoadedTails);
    }

    private ReplacementWarmUp WarmUp(PartitionedModel model, ServedModel served) => new(model, served, (partition, _) => _failed.Add(partition));

    private PartitionedModel Build(int classes) => PartitionedModel.From(OnnxModel.Parse(ResNet18.Build(size: 32, classes, width: 8).ToBytes()), new PlanOptions(), _execution);

    private ServedModel Open(PartitionedModel model)
    {
        _served.Add(new("model", $"{_served.Count + 1}", model.Plan, _residency.Open(new SegmentCompiler(model, _execution)), model: model));
        return _served[^1];
    }
}
