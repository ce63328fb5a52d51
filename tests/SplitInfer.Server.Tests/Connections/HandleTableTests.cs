using Google.Protobuf;
using Microsoft.Extensions.Time.Testing;
using SplitInfer.Protocol.Messages;
using SplitInfer.Server.Connections;
using SplitInfer.Server.Models;
using SplitInfer.Server.Tests.Models;

namespace SplitInfer.Server.Tests.Connections;

/// <summary>A client that never closes what was replaced keeps it for a while, and not for ever.</summary>
public sealed class HandleTableTests : IDisposable
{
    private const uint Handle = 1;

    private readonly FakeTimeProvider _time = new();
    private readonly ModelRegistry _registry = new("1.0");
    private readonly CountingModel _old = new("a", "1", 1);
    private readonly HandleTable _handles;
    private readonly OpenedModel _opened;

    public HandleTableTests()
    {
        _registry.Publish(_old);
        _handles = new(_registry, 16, _time);
        _handles.Use(Handle);
        Assert.Null(_handles.Open(Handle, new OpenModel { Model = "a", ModelFingerprint = ByteString.CopyFrom(_old.Plan.Model.Bytes), PlanFingerprint = ByteString.CopyFrom(_old.Plan.Fingerprint.Bytes) }, out var opened));
        _opened = opened!;
        _opened.MarkAnnounced();
        _registry.Publish(new CountingModel("a", "1", 1));
    }

    public void Dispose()
    {
        _handles.Dispose();
        _registry.Dispose();
    }

    [Fact]
    public async Task A_handle_whose_model_was_replaced_is_closed_in_the_end_and_what_is_under_way_keeps_the_model()
    {
        Assert.Equal([Handle], _handles.TakeReplaced());
        Assert.Empty(_handles.TakeReplaced());
        _time.Advance(HandleTable.ReplacedGrace * 0.9);
        Assert.True(_handles.TryGet(Handle, out _));
        Assert.True(_opened.Lease.TryAddReference(out var underWay));
        _time.Advance(HandleTable.ReplacedGrace * 0.2);
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (_handles.TryGet(Handle, out _)) await Task.Delay(1, patience.Token);
        Assert.Equal(0, _old.Disposals);
        underWay.Dispose();
        Assert.Equal(1, _old.Disposals);
        Assert.False(_opened.Lease.TryAddReference(out _));
    }

    [Fact]
    public void A_handle_that_is_closed_before_is_not_closed_twice()
    {
        Assert.Equal([Handle], _handles.TakeReplaced());
        _handles.Close(Handle);
        Assert.Equal(1, _old.Disposals);
        _time.Advance(HandleTable.ReplacedGrace * 2);
        _handles.Dispose();
        Assert.Equal(1, _old.Disposals);
    }
}
