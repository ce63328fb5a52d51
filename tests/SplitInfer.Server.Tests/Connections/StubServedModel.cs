using System.Collections.Immutable;
using SplitInfer.Partitioning;
using SplitInfer.Protocol;
using SplitInfer.Segments;
using SplitInfer.Server.Models;
using SplitInfer.Tensors;
using SplitInfer.Testing.Execution;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Server.Tests.Connections;

/// <summary>A model of <see cref="WirePlan"/> whose tails do what a test says.</summary>
internal sealed class StubServedModel : IModelRegistry, IServedModel
{
    private readonly CountedModel _counted;
    private int _runs;

    public StubServedModel() => _counted = new(this);

    /// <summary>Leases that are held.</summary>
    public int Leases => _counted.References - 1;

    /// <summary>What a run does with its boundary before it yields the outputs of <see cref="WirePlan"/>; nothing unless set.</summary>
    public Func<int, TensorValue[], CancellationToken, Task> OnRun { get; set; } = static (_, _, _) => Task.CompletedTask;

    /// <summary>What loading the tail of a partition waits for; nothing unless set.</summary>
    public Func<int, CancellationToken, Task> OnRent { get; set; } = static (_, _) => Task.CompletedTask;

    /// <summary>Runs that were begun.</summary>
    public int Runs => _runs;

    public string Name { get; set; } = "model";

    public PartitionPlan Plan => WirePlan.Plan;

    public string Version => "3";

    public ImmutableArray<double> TailSeconds { get; set; } = [];

    public ModelLease Open(in ModelClaim claim)
    {
        if (claim.Name != Name) throw new TailRefusedException(RefusalCode.UnknownModel, $"There is no model '{claim.Name}'.");
        if (!claim.TakesAny && claim.Model != Plan.Model) throw new TailRefusedException(RefusalCode.ModelMismatch, "It is another file.");
        if (!claim.TakesAny && claim.Plan != Plan.Fingerprint) throw new TailRefusedException(RefusalCode.PlanMismatch, "It is another plan.");
        _counted.AddReference();
        return new(_counted);
    }

    public async ValueTask<SegmentLease> RentTailAsync(int partition, CancellationToken cancellationToken)
    {
        await OnRent(partition, cancellationToken);
        return new(new ScriptedRunner((boundary, outputs, stop) => RunAsync(partition, boundary, outputs, stop)));
    }

    public void Dispose()
    {
    }

    private async ValueTask RunAsync(int partition, ReadOnlyMemory<TensorValue> boundary, Memory<TensorValue> outputs, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _runs);
        // Ends with its connection whatever the test waits for, or a test that failed would never end.
        await OnRun(partition, boundary.ToArray(), cancellationToken).WaitAsync(cancellationToken);
        var n = partition == WirePlan.Symbolic ? (int)boundary.Span[0].Shape.Dimensions[0] : 2;
        WirePlan.Outputs(partition, n).CopyTo(outputs);
    }
}
