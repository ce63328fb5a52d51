using SplitInfer.Partitioning;
using SplitInfer.Protocol;
using SplitInfer.Tensors;

namespace SplitInfer.Server.Models;

/// <summary>A model as connections use it. Safe for concurrent runs.</summary>
internal interface IServedModel
{
    /// <summary>The partitions that a request may name.</summary>
    PartitionPlan Plan { get; }

    /// <summary>The version that was found.</summary>
    string Version { get; }

    /// <summary>Runs the tail of a partition once.</summary>
    /// <param name="partition">Index of an admissible partition that has a tail.</param>
    /// <param name="boundary">One tensor for each of <see cref="Partition.Boundary"/>; they stay the caller's.</param>
    /// <param name="outputs">Room for one tensor for each of <see cref="Partition.TailOutputs"/>; on success each place holds a tensor that the caller owns, on failure none does.</param>
    /// <param name="cancellationToken">Stops the run.</param>
    /// <exception cref="TailRefusedException">The run was refused, for a reason that the client may read.</exception>
    /// <exception cref="OperationCanceledException">The run was stopped.</exception>
    ValueTask RunAsync(int partition, ReadOnlyMemory<Tensor> boundary, Memory<Tensor> outputs, CancellationToken cancellationToken);
}
