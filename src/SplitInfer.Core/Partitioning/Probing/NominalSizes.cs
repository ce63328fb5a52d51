using System.Collections.Immutable;
using SplitInfer.Tensors;

namespace SplitInfer.Partitioning.Probing;

/// <summary>
/// The sizes of the inputs' symbols that a plan is made with: those that an application gives, else a guess. There are several guesses, to be
/// tried one after the other, since many models run on some sizes only. Immutable.
/// </summary>
internal sealed class NominalSizes
{
    // The first guess goes by the rank; the others are one size for all axes but the batch. 16000 samples are a second of sound. Each is
    // tried without recurrent states and with them, and all of it with whole numbers of 1 and of 0.
    private static readonly ImmutableArray<long> Guesses = [ByRank, 512, 64, 16, 256, 1024, 32, 8, 4, 2, 1, 16000];

    private const long ByRank = -1;

    private readonly Dictionary<string, long> _sizes = new(StringComparer.Ordinal);
    private readonly long _guess;
    private readonly bool _expectsStates;

    /// <summary>The sizes of one attempt.</summary>
    /// <param name="inputs">The inputs of the model.</param>
    /// <param name="options">What the application gives.</param>
    /// <param name="attempt">0 to <see cref="Attempts"/> − 1.</param>
    public NominalSizes(ImmutableArray<TensorSpec> inputs, PlanOptions options, int attempt)
    {
        _guess = Guesses[attempt / 2 % Guesses.Length];
        _expectsStates = attempt % 2 == 1;
        IntegerFill = attempt < Attempts / 2 ? 1 : 0;
        foreach (var (symbol, size) in options.DimensionSizes) _sizes[symbol] = size;
        foreach (var input in inputs)
            if (options.SampleInputs.TryGetValue(input.Name, out var sample)) Learn(input, sample.Shape);
        // A symbol takes its size where most is known of its meaning.
        foreach (var input in inputs.OrderByDescending(static i => i.Dimensions.Length))
            for (var axis = 0; axis < input.Dimensions.Length; axis++)
                if (input.Dimensions[axis].Symbol is { } symbol) _sizes.TryAdd(symbol, Guess(input, axis));
    }

    /// <summary>How many guesses there are.</summary>
    public static int Attempts => 2 * 2 * Guesses.Length;

    /// <summary>What whole numbers among the inputs are: indices, lengths and flags mostly allow 1 or 0.</summary>
    public int IntegerFill { get; }

    /// <summary>The size of a dimension; 1 if it does not follow from an input.</summary>
    public long SizeOf(Dimension dimension) => dimension.IsFixed ? dimension.Size : _sizes.GetValueOrDefault(dimension.Symbol!, 1);

    /// <summary>Whether a dimension may have been measured with this size.</summary>
    public bool IsPossible(Dimension dimension, long size) =>
        dimension.IsFixed ? dimension.Size == size : !_sizes.TryGetValue(dimension.Symbol!, out var known) || known == size;

    private void Learn(TensorSpec input, TensorShape shape)
    {
        for (var axis = 0; axis < input.Dimensions.Length; axis++)
            if (input.Dimensions[axis].Symbol is { } symbol) _sizes[symbol] = shape.Dimensions[axis];
    }

    private long Guess(TensorSpec input, int axis)
    {
        var rank = input.Dimensions.Length;
        // The state of a recurrent cell has the batch in the middle: directions × batch × cells.
        var isBatch = (axis == 0 && rank > 1) || (_expectsStates && rank == 3 && axis == 1 && input.Dimensions[0].IsFixed && input.Dimensions[2].IsFixed)
            || input.Dimensions[axis].Symbol!.Contains("batch", StringComparison.OrdinalIgnoreCase);
        return isBatch ? 1 : _guess != ByRank ? _guess : (rank, axis) switch
        {
            (1, _) => 1,
            // Pictures, channels first unless the last axis is fixed.
            (4, 1) when !input.Dimensions[3].IsFixed => 3,
            (4, _) => 224,
            (5, 1) => 3,
            (5, 2) => 16,
            (5, _) => 112,
            _ => 128,
        };
    }
}
