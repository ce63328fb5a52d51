using SplitInfer.Protocol;
using SplitInfer.Server.Models;

namespace SplitInfer.Server.Tests.Models;

public sealed class ModelRegistryTests : IDisposable
{
    private readonly ModelRegistry _registry = new("1.0");

    [Fact]
    public void A_model_is_found_by_its_fingerprint_whatever_version_is_newest()
    {
        CountingModel[] models = [new("a", "9", 1), new("a", "10", 2), new("b", "1", 3)];
        Array.ForEach(models, _registry.Publish);
        Assert.Equal([models[1], models[0], models[2]], _registry.Models);
        foreach (var model in models)
        {
            using var lease = _registry.Open(model.Claim);
            Assert.Same(model, lease.Model);
        }
    }

    [Fact]
    public void A_model_that_is_retired_lives_until_its_last_lease_is_disposed()
    {
        var model = new CountingModel("a", "1", 1);
        _registry.Publish(model);
        var first = _registry.Open(model.Claim);
        var second = first.AddReference();
        Assert.True(_registry.Retire(model));
        Assert.False(_registry.Retire(model));
        Assert.Equal(RefusalCode.UnknownModel, Assert.Throws<TailRefusedException>(() => _registry.Open(model.Claim)).Code);
        first.Dispose();
        Assert.Equal(0, model.Disposals);
        second.Dispose();
        Assert.Equal(1, model.Disposals);
    }

    [Fact]
    public void A_model_that_no_one_uses_is_disposed_as_it_is_retired()
    {
        var model = new CountingModel("a", "1", 1);
        _registry.Publish(model);
        _registry.Open(model.Claim).Dispose();
        _registry.Retire(model);
        Assert.Equal(1, model.Disposals);
    }

    [Fact]
    public void A_model_is_replaced_where_opening_it_anew_gives_another_one()
    {
        var model = new CountingModel("a", "1", 1);
        var changes = 0;
        _registry.Changed += () => changes++;
        _registry.Publish(model);
        Assert.False(_registry.IsReplaced(model.Claim, model));
        _registry.Publish(new CountingModel("b", "1", 1));
        Assert.False(_registry.IsReplaced(model.Claim, model));
        _registry.Publish(new CountingModel("a", "1", 2)); // another file: there is nothing to open anew
        Assert.False(_registry.IsReplaced(model.Claim, model));
        var same = new CountingModel("a", "1", 1);
        _registry.Publish(same);
        Assert.True(_registry.IsReplaced(model.Claim, model));
        _registry.Retire(same);
        Assert.False(_registry.IsReplaced(model.Claim, model));
        Assert.Equal(5, changes);
    }

    [Fact]
    public void A_model_is_replaced_for_those_who_open_it_later()
    {
        var (old, replacement) = (new CountingModel("a", "1", 1), new CountingModel("a", "1", 2));
        _registry.Publish(old);
        using var lease = _registry.Open(old.Claim);
        _registry.Publish(replacement);
        Assert.Equal([replacement], _registry.Models);
        Assert.Equal(RefusalCode.ModelMismatch, Assert.Throws<TailRefusedException>(() => _registry.Open(old.Claim)).Code);
        using var later = _registry.Open(replacement.Claim);
        Assert.Same(old, lease.Model);
        Assert.Equal(0, old.Disposals);
    }

    [Fact]
    public void Disposing_the_registry_retires_every_model()
    {
        var (used, unused) = (new CountingModel("a", "1", 1), new CountingModel("b", "1", 2));
        _registry.Publish(used);
        _registry.Publish(unused);
        using (_registry.Open(used.Claim))
        {
            _registry.Dispose();
            Assert.Equal((0, 1), (used.Disposals, unused.Disposals));
        }

        Assert.Equal(1, used.Disposals);
        Assert.Throws<ObjectDisposedException>(() => _registry.Publish(new CountingModel("c", "1", 3)));
    }

    [Fact]
    public async Task No_lease_is_ever_of_a_disposed_model()
    {
        var current = new CountingModel("a", "1", 0);
        _registry.Publish(current);
        var models = new List<CountingModel> { current };
        using var stop = new CancellationTokenSource();
        var opened = 0;
        var readers = Enumerable.Range(0, 3).Select(_ => Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                try
                {
                    using var lease = _registry.Open(Volatile.Read(ref current).Claim);
                    Assert.Equal(0, ((CountingModel)lease.Model).Disposals);
                    Interlocked.Increment(ref opened);
                }
                catch (TailRefusedException refused) when (refused.Code == RefusalCode.ModelMismatch)
                {
                    // It was replaced after its claim was read.
                }
            }
        })).ToArray();
        for (var version = 1; version < 200 || Volatile.Read(ref opened) == 0; version++)
        {
            var next = new CountingModel("a", "1", (byte)version);
            models.Add(next);
            _registry.Publish(next);
            Volatile.Write(ref current, next);
            await Task.Yield();
        }

        await stop.CancelAsync();
        await Task.WhenAll(readers);
        Assert.All(models.SkipLast(1), static m => Assert.Equal(1, m.Disposals));
        Assert.Equal(0, current.Disposals);
    }

    public void Dispose() => _registry.Dispose();
}
