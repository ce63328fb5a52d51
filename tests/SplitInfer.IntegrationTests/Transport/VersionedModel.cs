using SplitInfer.Partitioning;
using SplitInfer.Protocol;
using SplitInfer.Segments;
using SplitInfer.Server.Models;
using SplitInfer.Tensors;
using SplitInfer.Testing.Execution;
using SplitInfer.Testing.Wire;

namespace SplitInfer.IntegrationTests.Transport;

/// <summary>One version of a model of <see cref="WirePlan"/>, whose outputs tell the versions apart, and which notices when it is used after its end.</summary>
/// <param name="name">Its name.</param>
/// <param name="fill">What tells it from others.</param>
internal sealed class VersionedModel(string name, byte fill) : IServedModel
{
    private int _disposals;

    public string Name => name;

    public string Version => "1";

    public PartitionPlan Plan { get; } = WirePlan.PlanOf(fill, fill);

    public int Disposals => Volatile.Read(ref _disposals);

    /// <summary>The outputs of this version for a boundary.</summary>
    public TensorValue[] OutputsFor(int partition, ReadOnlySpan<TensorValue> boundary)
    {
        var digest = Crc32C.Append((uint)partition, [fill, .. System.Text.Encoding.UTF8.GetBytes(name)]);
        foreach (var tensor in boundary) digest = Crc32C.Append(digest, tensor.Bytes.Span);
        var n = partition == WirePlan.Symbolic ? (int)boundary[0].Shape.Dimensions[0] : 1;
        return WirePlan.Outputs(partition, n, (int)digest);
    }

    public async ValueTask<SegmentLease> RentTailAsync(int partition, CancellationToken cancellationToken)
    {
        // As if it were loaded first, so that versions change meanwhile.
        await Task.Yield();
        return new(new ScriptedRunner((boundary, outputs, _) => RunAsync(partition, boundary, outputs)));
    }

    public void Dispose() => Interlocked.Increment(ref _disposals);

    private async ValueTask RunAsync(int partition, ReadOnlyMemory<TensorValue> boundary, Memory<TensorValue> outputs)
    {
        await Task.Yield();
        var tensors = OutputsFor(partition, boundary.Span);
        ObjectDisposedException.ThrowIf(Disposals > 0, this);
        tensors.CopyTo(outputs);
    }
}
