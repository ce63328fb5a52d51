using System.Collections.Immutable;

namespace SplitInfer.Tensors;

/// <summary>
/// Turns the sizes that a request states into the exact shapes of a list of values, and back. Client and server make the same layout from the same
/// plan, so only what the plan leaves open travels: one size for each symbol, then, for each value of unknown rank, its rank and its
/// dimensions. Immutable; made once for each list and kept.
/// </summary>
internal sealed class BoundaryLayout
{
    /// <summary>The largest number of dimensions of a value whose rank the plan does not state. Real operators are far below it.</summary>
    public const int MaxRank = 32;

    private static readonly long[][] NoShapes = [];

    // For each value, for each axis: the index of its symbol, or −1 where the model fixes the size.
    private readonly int[][] _symbolOfAxis;
    private readonly ImmutableArray<TensorShape> _fixedShapes;
    private readonly int _unranked;
    private readonly string? _source;

    private BoundaryLayout(ImmutableArray<TensorSpec> values, string? source)
    {
        (Values, _source) = (values, source);
        Symbols = [.. values.SelectMany(static v => v.Dimensions).Where(static d => !d.IsFixed).Select(static d => d.Symbol!).Distinct(StringComparer.Ordinal)];
        var places = Symbols.Index().ToDictionary(static s => s.Item, static s => s.Index, StringComparer.Ordinal);
        _symbolOfAxis = [.. values.Select(v => v.Dimensions.Select(d => d.IsFixed ? -1 : places[d.Symbol!]).ToArray())];
        _unranked = values.Count(static v => !v.IsRanked);
        if (values.All(static v => v.IsStatic)) _fixedShapes = [.. values.Select(static v => v.Shape)];
    }

    /// <summary>The values that are laid out.</summary>
    public ImmutableArray<TensorSpec> Values { get; }

    /// <summary>The distinct symbols in the order in which they first appear; a request states one size for each.</summary>
    public ImmutableArray<string> Symbols { get; }

    /// <summary>The most sizes that a request can state.</summary>
    public int MaxSizes => Symbols.Length + (_unranked * (MaxRank + 1));

    /// <summary>A layout.</summary>
    /// <param name="values">The values that are laid out.</param>
    /// <param name="source">The model that errors about tensors name; null where they come from a peer, which may not learn the names of files.</param>
    public static BoundaryLayout For(ImmutableArray<TensorSpec> values, string? source = null) => new(values, source);

    /// <summary>The shapes of the values for these sizes. Nothing is allocated for sizes that are refused.</summary>
    /// <param name="sizes">What <see cref="Measure(ReadOnlySpan{TensorValue})"/> gives; may be anything that an attacker sends.</param>
    /// <param name="limits">What is accepted.</param>
    /// <exception cref="SizeLimitException">There are not as many sizes as the values need, one is negative or too large, or a tensor or their sum is.</exception>
    public ImmutableArray<TensorShape> Resolve(ReadOnlySpan<long> sizes, SizeLimits limits)
    {
        CheckSymbols(sizes, limits);
        var own = ReadOwn(sizes[Symbols.Length..], limits);
        CheckBytes(sizes, own, limits);
        if (!_fixedShapes.IsDefault) return _fixedShapes;
        var shapes = ImmutableArray.CreateBuilder<TensorShape>(Values.Length);
        for (var value = 0; value < Values.Length; value++)
        {
            var dimensions = new long[RankOf(value, own)];
            for (var axis = 0; axis < dimensions.Length; axis++) dimensions[axis] = SizeOf(value, axis, sizes, own);
            shapes.Add(new(dimensions));
        }

        return shapes.MoveToImmutable();
    }

    /// <summary>The sizes that tensors have; the inverse of <see cref="Resolve"/>.</summary>
    /// <param name="tensors">One tensor for each of <see cref="Values"/>.</param>
    /// <exception cref="TensorMismatchException">A tensor is not one that its value accepts, or two axes that share a symbol differ.</exception>
    public ImmutableArray<long> Measure(ReadOnlySpan<TensorValue> tensors)
    {
        if (tensors.Length != Values.Length)
            throw Mismatch($"{Values.Length} {(Values.Length == 1 ? "tensor is" : "tensors are")} needed, {tensors.Length} given{Listed(tensors)}. Give one for each of: {string.Join(", ", Values)}.");
        var sizes = new long[Symbols.Length];
        sizes.AsSpan().Fill(-1);
        for (var value = 0; value < Values.Length; value++) Measure(value, tensors[value], sizes);
        return _unranked == 0 ? ImmutableArray.Create(sizes) : [.. sizes, .. OwnSizes(tensors)];
    }

    private List<long> OwnSizes(ReadOnlySpan<TensorValue> tensors)
    {
        var sizes = new List<long>();
        for (var value = 0; value < Values.Length; value++)
        {
            if (Values[value].IsRanked) continue;
            sizes.Add(tensors[value].Shape.Rank);
            sizes.AddRange(tensors[value].Shape.Dimensions);
        }

        return sizes;
    }

    private void Measure(int value, TensorValue tensor, long[] sizes)
    {
        if (tensor is null) throw Mismatch($"there is no tensor for '{Values[value].Name}', only null. The model takes {Values[value]}.");
        if (!Values[value].Accepts(tensor.ElementType, tensor.Shape))
            throw Mismatch($"the tensor for '{Values[value].Name}' is {tensor}; the model takes {Values[value]}. {Advice(Values[value], tensor)}");
        for (var axis = 0; axis < _symbolOfAxis[value].Length; axis++)
        {
            if (_symbolOfAxis[value][axis] is var symbol && symbol < 0) continue;
            var size = tensor.Shape.Dimensions[axis];
            if (sizes[symbol] >= 0 && sizes[symbol] != size)
                throw Mismatch($"axis {axis} of '{Values[value].Name}' has size {size}, but '{Symbols[symbol]}' is {sizes[symbol]} elsewhere in the same request. Axes that share a symbol must have the same size.");
            sizes[symbol] = size;
        }
    }

    private TensorMismatchException Mismatch(string problem) => new(_source is null ? $"{char.ToUpperInvariant(problem[0])}{problem[1..]}" : $"{_source}: {problem}");

    private static string Listed(ReadOnlySpan<TensorValue> tensors) =>
        tensors.IsEmpty ? "" : $" ({string.Join(", ", tensors.ToArray().Select(static tensor => tensor?.ToString() ?? "null"))})";

    private static string Advice(TensorSpec spec, TensorValue tensor) =>
        tensor.ElementType != spec.Type ? $"Convert the elements to {spec.Type.DisplayName()}."
        : tensor.Shape.Rank == spec.Dimensions.Length - 1 ? "Give a tensor of that shape; a single example takes an axis of size 1 in front, for the batch."
        : "Give a tensor of that shape.";

    private void CheckSymbols(ReadOnlySpan<long> sizes, SizeLimits limits)
    {
        if (_unranked == 0 ? sizes.Length != Symbols.Length : sizes.Length < Symbols.Length)
            throw new SizeLimitException($"{sizes.Length} sizes were stated for {Symbols.Length} symbols. Both ends must have the same plan.");
        for (var symbol = 0; symbol < Symbols.Length; symbol++) CheckSize(sizes[symbol], Symbols[symbol], limits);
    }

    /// <summary>The dimensions of the values whose rank the plan does not tell, by the place of the value.</summary>
    private long[][] ReadOwn(ReadOnlySpan<long> stated, SizeLimits limits)
    {
        if (_unranked == 0) return NoShapes;
        var own = new long[Values.Length][];
        for (var value = 0; value < Values.Length; value++)
        {
            if (Values[value].IsRanked) continue;
            if (stated.IsEmpty || stated[0] < 0 || stated[0] > Math.Min(MaxRank, stated.Length - 1))
                throw new SizeLimitException($"The sizes do not state a rank from 0 to {MaxRank} with as many dimensions for '{Values[value].Name}'. Both ends must have the same plan.");
            own[value] = stated.Slice(1, (int)stated[0]).ToArray();
            stated = stated[(1 + own[value].Length)..];
            foreach (var size in own[value]) CheckSize(size, Values[value].Name, limits);
        }

        return stated.IsEmpty ? own : throw new SizeLimitException($"{stated.Length} sizes more were stated than the values have. Both ends must have the same plan.");
    }

    private static void CheckSize(long size, string of, SizeLimits limits)
    {
        if (size < 0 || size > limits.MaxDimension)
            throw new SizeLimitException($"Size {size} of '{of}' is not within 0 and {limits.MaxDimension}. Send a smaller tensor, or raise {nameof(SizeLimits)}.{nameof(SizeLimits.MaxDimension)}.");
    }

    private void CheckBytes(ReadOnlySpan<long> sizes, long[][] own, SizeLimits limits)
    {
        // 128 bits hold any sum of bounded terms; each term is bounded before it is multiplied again.
        Int128 total = 0;
        for (var value = 0; value < Values.Length; value++)
        {
            total += BytesOf(value, sizes, own, limits);
            if (total > limits.MaxBytes || total > TensorBufferPool.MaxBytes)
                throw new SizeLimitException($"'{Values[value].Name}' takes the tensors of the request over {Math.Min(limits.MaxBytes, TensorBufferPool.MaxBytes)} bytes. Send smaller tensors, or raise {nameof(SizeLimits)}.{nameof(SizeLimits.MaxBytes)}.");
        }
    }

    private Int128 BytesOf(int value, ReadOnlySpan<long> sizes, long[][] own, SizeLimits limits)
    {
        // Text has no width and never crosses, but its element count must fit all the same.
        Int128 bits = Math.Max(1, Values[value].Type.BitWidth());
        var isEmpty = false;
        for (var axis = 0; axis < RankOf(value, own); axis++)
        {
            var size = SizeOf(value, axis, sizes, own);
            isEmpty |= size == 0;
            // A shape's element count must fit 63 bits even where a later axis is 0, so an axis of 0 does not end the check.
            if (size > 0) bits *= size;
            if (bits > (Int128)long.MaxValue)
                throw new SizeLimitException($"'{Values[value].Name}' would be over {limits.MaxBytes} bytes. Send a smaller tensor.");
        }

        return isEmpty ? 0 : (bits + 7) / 8;
    }

    private int RankOf(int value, long[][] own) => Values[value].IsRanked ? _symbolOfAxis[value].Length : own[value].Length;

    private long SizeOf(int value, int axis, ReadOnlySpan<long> sizes, long[][] own) =>
        !Values[value].IsRanked ? own[value][axis]
        : _symbolOfAxis[value][axis] is >= 0 and var symbol ? sizes[symbol]
        : Values[value].Dimensions[axis].Size;
}
