using System.Collections.Immutable;
using SplitInfer.Partitioning;
using SplitInfer.Protocol;
using SplitInfer.Segments;
using SplitInfer.Server.Models;
using SplitInfer.Tensors;
using SplitInfer.Testing.Execution;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Fuzzing.Wire;

/// <summary>A served model of <see cref="WirePlan"/>, which looks at all of what it is given.</summary>
internal sealed class FuzzModel : IModelRegistry, IServedModel
{
    private readonly CountedModel _counted;

    public FuzzModel() => _counted = new(this);

    /// <summary>Leases that are held.</summary>
    public int Leases => _counted.References - 1;

    public string Name => "model";

    public string Version => "1";

    public PartitionPlan Plan => WirePlan.Plan;

    public ImmutableArray<double> TailSeconds => [];

    public ModelLease Open(in ModelClaim claim)
    {
        if (claim.Name is not ("model" or "")) throw new TailRefusedException(RefusalCode.UnknownModel, "There is no such model.");
        if (claim.Model != Plan.Model) throw new TailRefusedException(RefusalCode.ModelMismatch, "It is another file.");
        if (claim.Plan != Plan.Fingerprint) throw new TailRefusedException(RefusalCode.PlanMismatch, "It is another plan.") { DifferingPartition = PlanSketch.FirstDifference(Plan, claim.Sketch.Span) };
        _counted.AddReference();
        return new(_counted);
    }

    public ValueTask<SegmentLease> RentTailAsync(int partition, CancellationToken cancellationToken) =>
        new(new SegmentLease(new ScriptedRunner((boundary, outputs, _) => Run(partition, boundary.Span, outputs))));

    public void Dispose()
    {
    }

    private ValueTask Run(int partition, ReadOnlySpan<TensorValue> boundary, Memory<TensorValue> outputs)
    {
        for (var value = 0; value < boundary.Length; value++)
        {
            if (!Plan.Partitions[partition].Boundary[value].Accepts(boundary[value].ElementType, boundary[value].Shape))
                throw new FuzzFindException($"The tail of {partition} was given a {boundary[value]}.");
        }

        var n = partition == WirePlan.Symbolic ? (int)boundary[0].Shape.Dimensions[0] : 2;
        WirePlan.Outputs(partition, n, boundary[0].Bytes.Length).CopyTo(outputs);
        return ValueTask.CompletedTask;
    }
}
