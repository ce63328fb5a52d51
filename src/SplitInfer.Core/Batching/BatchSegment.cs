using SplitInfer.Execution;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Batching;

/// <summary>A segment for several requests at once, made of one that takes a single one.</summary>
internal static class BatchSegment
{
    // No file of a model has it, so that no other dimension is taken for the batch.
    private const string Symbol = "splitinfer.batch";

    /// <summary>Makes it. Its inputs and outputs have the names and the order of those of the segment.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="execution">The engine, which is asked for shapes where constants depend on them.</param>
    /// <exception cref="BatchRefusedException">It takes one request at a time, or the engine refuses it.</exception>
    public static SegmentModel Of(SegmentModel segment, ExecutionOptions execution)
    {
        var model = segment.ToMessage();
        try
        {
            BatchSurgery.Free(model.Graph, Symbol, () => TypesOf(segment, execution));
        }
        catch (EngineException error)
        {
            throw new BatchRefusedException($"the engine does not say which shapes its values have: {error.Message.TrimEnd('.')}");
        }

        return segment.With(model, [.. segment.Inputs.Select(Free)], [.. segment.Outputs.Select(Free)]);
    }

    /// <summary>What the plan knows of inputs, and the engine of everything else: it loads all weights to tell.</summary>
    private static Func<string, EngineValue?> TypesOf(SegmentModel segment, ExecutionOptions execution)
    {
        var inferred = new Lazy<ValueTypes>(() => ValueTypes.Of(segment.ToMessage(), execution, segment.ExternalDataFolder));
        return value => segment.Inputs.FirstOrDefault(input => input.Name == value && input.IsRanked) is { } input ? Of(input) : inferred.Value.Find(value);
    }

    private static EngineValue Of(TensorSpec input) =>
        new(input.Name, EngineValueKind.Tensor, input.Type, HasShape: true, [.. input.Dimensions.Select(static d => d.Size)], [.. input.Dimensions.Select(static d => d.Symbol)]);

    private static TensorSpec Free(TensorSpec spec) =>
        spec is { IsRanked: true, Dimensions.Length: > 0 } ? new(spec.Name, spec.Type, [Dimension.Symbolic(Symbol), .. spec.Dimensions[1..]]) : spec;
}
