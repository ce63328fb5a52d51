using System.Collections.Immutable;
using SplitInfer.Partitioning;
using SplitInfer.Protocol;
using SplitInfer.Segments;
using SplitInfer.Server.Batching;
using SplitInfer.Server.Quality;
using SplitInfer.Tensors;

namespace SplitInfer.Server.Models;

/// <summary>One version of a model as connections use it: its plan never changes. Safe for concurrent use. Disposed with its last lease.</summary>
internal interface IServedModel : IDisposable
{
    /// <summary>The name that clients open it by.</summary>
    string Name { get; }

    /// <summary>The version of that name.</summary>
    string Version { get; }

    /// <summary>The partitions that a request may name.</summary>
    PartitionPlan Plan { get; }

    /// <summary>Seconds that the tail of each partition takes, 0 where it was not measured; empty where none was.</summary>
    ImmutableArray<double> TailSeconds => [];

    /// <summary>Values for inputs that requests for the whole model may leave out, by name.</summary>
    IReadOnlyDictionary<string, TensorValue> Defaults => ImmutableDictionary<string, TensorValue>.Empty;

    /// <summary>The ways through the model by its exits; null where it has none.</summary>
    ExitRoutes? Routes => null;

    /// <summary>Which of its requests may run together; null where each runs alone.</summary>
    ModelBatches? Batches => null;

    /// <summary>Made-up tensors for the inputs of the plan, to try the model with. The caller owns them.</summary>
    /// <returns>The tensors; null where the model must not be run on such.</returns>
    TensorValue[]? MakeInputs() => null;

    /// <summary>Lends the tail of a partition, loading it first where it is not loaded. Holds no place to run meanwhile. The lease must be disposed once.</summary>
    /// <param name="partition">Index of an admissible partition that has a tail.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="TailRefusedException">The tail is not lent, for a reason that the client may read.</exception>
    /// <exception cref="SegmentLoadException">The engine refuses the tail.</exception>
    ValueTask<SegmentLease> RentTailAsync(int partition, CancellationToken cancellationToken);
}
