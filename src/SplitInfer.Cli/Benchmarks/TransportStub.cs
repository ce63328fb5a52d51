using System.Collections.Immutable;
using SplitInfer.Client.Transport;
using SplitInfer.Codecs.Raw;
using SplitInfer.Execution;
using SplitInfer.Partitioning;
using SplitInfer.Segments;
using SplitInfer.Server.Models;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>A model of two partitions whose tail yields the same bytes at once, whatever comes.</summary>
internal sealed class TransportStub(PartitionPlan plan) : IModelRegistry, IServedModel, ISegmentRunner
{
    private static readonly RawCodec Codec = new();
    private readonly TensorSpec _output = plan.Outputs[0];

    public PartitionPlan Plan => plan;

    public string Name => "stub";

    public IReadOnlyList<TensorSpec> Inputs => plan.Inputs;

    public IReadOnlyList<TensorSpec> Outputs => plan.Outputs;

    public string Version => "1";

    /// <summary>A plan whose first boundary and whose output are of these sizes.</summary>
    public static PartitionPlan PlanOf(int boundaryBytes, int outputBytes)
    {
        var input = new TensorSpec("input", ElementType.UInt8, Dimension.Fixed(boundaryBytes));
        var output = new TensorSpec("output", ElementType.UInt8, Dimension.Fixed(outputBytes));
        var all = ImmutableArray.Create(Cut(0, [input], [output], boundaryBytes), Cut(1, [], [], 0));
        var any = new Fingerprint(new byte[Fingerprint.Size]);
        return new() { Model = any, Fingerprint = any, Inputs = [input], Outputs = [output], Partitions = all, Arms = all, MeasureFailure = null };
    }

    /// <summary>A request for the tail of the first partition.</summary>
    public static TailRequest Request(PartitionPlan plan, Tensor boundary) =>
        new() { Partition = plan.AllOnServer, Codec = Codec, SymbolSizes = [], Boundary = new[] { boundary } };

    public ModelLease Open(in ModelClaim claim) => new((IServedModel)this);

    public ValueTask<SegmentLease> RentTailAsync(int partition, CancellationToken cancellationToken) => new(new SegmentLease(this));

    public ValueTask RunAsync(ReadOnlyMemory<Tensor> inputs, Memory<Tensor> outputs, CancellationToken cancellationToken)
    {
        outputs.Span[0] = Tensor.Allocate(_output.Type, _output.Shape);
        outputs.Span[0].Bytes.Span.Clear();
        return ValueTask.CompletedTask;
    }

    public void Dispose()
    {
    }

    private static Partition Cut(int index, ImmutableArray<TensorSpec> boundary, ImmutableArray<TensorSpec> outputs, long bytes) =>
        new() { Index = index, Boundary = boundary, TailOutputs = outputs, BoundaryBytes = bytes, Head = default, Tail = default, Refusal = null, IsArm = true };
}
