using SplitInfer.Partitioning;
using SplitInfer.Protocol;
using SplitInfer.Segments;
using SplitInfer.Server.Models;
using SplitInfer.Tensors;
using SplitInfer.Testing.Execution;
using SplitInfer.Testing.Wire;

namespace SplitInfer.IntegrationTests.Transport;

/// <summary>A model of <see cref="WirePlan"/> whose outputs are a function of every bit of the boundary, so that no mistake goes unseen.</summary>
internal sealed class DigestModel : IModelRegistry, IServedModel
{
    private int _running;

    /// <summary>What a run waits for before it ends; nothing unless set.</summary>
    public Func<CancellationToken, Task> OnRun { get; set; } = static _ => Task.CompletedTask;

    /// <summary>Runs that have begun and not ended.</summary>
    public int Running => Volatile.Read(ref _running);

    public string Name => "model";

    public PartitionPlan Plan => WirePlan.Plan;

    public string Version => "1";

    /// <summary>The outputs for a boundary.</summary>
    public static TensorValue[] OutputsFor(int partition, ReadOnlySpan<TensorValue> boundary)
    {
        var digest = (uint)partition;
        foreach (var tensor in boundary) digest = Crc32C.Append(digest, tensor.Bytes.Span);
        var n = partition == WirePlan.Symbolic ? (int)boundary[0].Shape.Dimensions[0] : 1;
        return WirePlan.Outputs(partition, n, (int)digest);
    }

    public ModelLease Open(in ModelClaim claim) => new((IServedModel)this);

    public ValueTask<SegmentLease> RentTailAsync(int partition, CancellationToken cancellationToken) =>
        new(new SegmentLease(new ScriptedRunner((boundary, outputs, stop) => RunAsync(partition, boundary, outputs, stop))));

    public void Dispose()
    {
    }

    private async ValueTask RunAsync(int partition, ReadOnlyMemory<TensorValue> boundary, Memory<TensorValue> outputs, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _running);
        try
        {
            await OnRun(cancellationToken);
            OutputsFor(partition, boundary.Span).CopyTo(outputs);
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }
}
