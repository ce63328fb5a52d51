using System.Collections.Immutable;
using SplitInfer.Codecs;
using SplitInfer.Exits;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Client.Device;

/// <summary>
/// The exits of a model as the device evaluates them, numbered from 1 on by rising partition. An answer has the type and the shape of the model's own output, so that
/// callers need not tell them apart. Immutable; safe for concurrent use.
/// </summary>
internal sealed class DeviceExits
{
    private readonly ImmutableArray<ExitHead> _heads;
    private readonly ElementType _type;
    private readonly TensorShape _shape;

    /// <summary>Prepares the exits of a model.</summary>
    /// <param name="exits">The exits.</param>
    /// <param name="plan">The plan that they are used with.</param>
    /// <exception cref="InvalidExitsException">They are not of this plan.</exception>
    public DeviceExits(ModelExits exits, PartitionPlan plan)
    {
        exits.RequireFor(plan);
        (Exits, _heads) = (exits, [.. exits.Exits.Select(exit => new ExitHead(exits, exit))]);
        (_type, _shape) = (plan.Outputs[0].Type, ShapeOf(plan.Outputs[0], exits.Classes));
    }

    /// <summary>The exits as their file has them.</summary>
    public ModelExits Exits { get; }

    /// <summary>How many there are.</summary>
    public int Count => _heads.Length;

    /// <summary>The least share of answers that are the model's own, where exits answer as their file promises: 0 to 1.</summary>
    public double PromisedQuality => 1 - Exits.Promise.LossHigh;

    /// <summary>The partition of an exit.</summary>
    public int PartitionOf(int exit) => _heads[exit - 1].Exit.Partition;

    /// <summary>The exit on a partition; 0 where there is none.</summary>
    public int On(int partition)
    {
        for (var exit = 1; exit <= Count; exit++)
            if (PartitionOf(exit) == partition) return exit;
        return 0;
    }

    /// <summary>The first exit behind a partition; 0 where there is none.</summary>
    public int Behind(int partition)
    {
        for (var exit = 1; exit <= Count; exit++)
            if (PartitionOf(exit) > partition) return exit;
        return 0;
    }

    /// <summary>Whether what crosses a partition has the sizes that an exit was made for. A model may take others as well, which it then answers itself.</summary>
    /// <param name="exit">Its number.</param>
    /// <param name="boundary">What crosses its partition.</param>
    public bool Suits(int exit, ReadOnlySpan<TensorValue> boundary) => _heads[exit - 1].Fits(boundary);

    /// <summary>Evaluates an exit.</summary>
    /// <param name="exit">Its number.</param>
    /// <param name="boundary">What crosses its partition, which <see cref="Suits"/> it; the caller keeps ownership.</param>
    /// <param name="answer">What it says.</param>
    /// <returns>The output that stands for the model's own, which the caller owns.</returns>
    public TensorValue Evaluate(int exit, ReadOnlySpan<TensorValue> boundary, out ExitAnswer answer)
    {
        var output = TensorValue.Allocate(_type, _shape);
        try
        {
            if (_type == ElementType.Float32)
            {
                answer = _heads[exit - 1].Evaluate(boundary, output.Span<float>());
                return output;
            }

            var scores = System.Buffers.ArrayPool<float>.Shared.Rent(Exits.Classes);
            try
            {
                answer = _heads[exit - 1].Evaluate(boundary, scores.AsSpan(0, Exits.Classes));
                FloatingPoint.Write(_type, scores.AsSpan(0, Exits.Classes), output.Bytes.Span);
                return output;
            }
            finally
            {
                System.Buffers.ArrayPool<float>.Shared.Return(scores);
            }
        }
        catch
        {
            output.Dispose();
            throw;
        }
    }

    // A classifier yields N, 1×N or 1×N×1×1 scores of one input, whatever its file leaves open.
    private static TensorShape ShapeOf(TensorSpec output, int classes)
    {
        if (!output.IsRanked) return new(1, classes);
        var dimensions = Enumerable.Repeat(1L, output.Dimensions.Length).ToArray();
        dimensions[Math.Min(1, dimensions.Length - 1)] = classes;
        return new(dimensions);
    }
}
