using System.Collections.Immutable;

namespace SplitInfer.Tensors;

/// <summary>
/// Turns the symbol sizes of a request into the exact shapes of a list of values, and back. Both ends make the same layout
/// from the same plan, so no shape travels. Immutable; made once for each list and kept.
/// </summary>
internal sealed class BoundaryLayout
{
    // For each value, for each axis: the index of its symbol, or −1 where the model fixes the size.
    private readonly int[][] _symbolOfAxis;
    private readonly ImmutableArray<TensorShape> _fixedShapes;

    private BoundaryLayout(ImmutableArray<TensorSpec> values)
    {
        Values = values;
        Symbols = [.. values.SelectMany(static v => v.Dimensions).Where(static d => !d.IsFixed).Select(static d => d.Symbol!).Distinct(StringComparer.Ordinal)];
        var places = Symbols.Index().ToDictionary(static s => s.Item, static s => s.Index, StringComparer.Ordinal);
        _symbolOfAxis = [.. values.Select(v => v.Dimensions.Select(d => d.IsFixed ? -1 : places[d.Symbol!]).ToArray())];
        if (values.All(static v => v.IsStatic)) _fixedShapes = [.. values.Select(static v => v.Shape)];
    }

    /// <summary>The values that are laid out.</summary>
    public ImmutableArray<TensorSpec> Values { get; }

    /// <summary>The distinct symbols in the order in which they first appear; a request states one size for each.</summary>
    public ImmutableArray<string> Symbols { get; }

    /// <summary>The layout of <paramref name="values"/>. Those whose rank is not known can be measured, not resolved.</summary>
    public static BoundaryLayout For(ImmutableArray<TensorSpec> values) => new(values);

    /// <summary>The shapes of the values where the symbols have these sizes. Nothing is allocated for sizes that are refused.</summary>
    /// <param name="symbolSizes">One size for each of <see cref="Symbols"/>; may be anything that an attacker sends.</param>
    /// <param name="limits">What is accepted.</param>
    /// <exception cref="SizeLimitException">There are not as many sizes as symbols, one is negative or too large, or a tensor or their sum is.</exception>
    /// <exception cref="InvalidOperationException">The rank of a value is not known.</exception>
    public ImmutableArray<TensorShape> Resolve(ReadOnlySpan<long> symbolSizes, SizeLimits limits)
    {
        if (Values.FirstOrDefault(static v => !v.IsRanked) is { } unranked)
            throw new InvalidOperationException($"'{unranked.Name}' has no known rank, so sizes do not tell its shape.");
        CheckSymbols(symbolSizes, limits);
        CheckBytes(symbolSizes, limits);
        if (!_fixedShapes.IsDefault) return _fixedShapes;
        var shapes = ImmutableArray.CreateBuilder<TensorShape>(Values.Length);
        for (var value = 0; value < Values.Length; value++)
        {
            var sizes = new long[_symbolOfAxis[value].Length];
            for (var axis = 0; axis < sizes.Length; axis++) sizes[axis] = SizeOf(value, axis, symbolSizes);
            shapes.Add(new(sizes));
        }

        return shapes.MoveToImmutable();
    }

    /// <summary>The symbol sizes that tensors have; the inverse of <see cref="Resolve"/>.</summary>
    /// <param name="tensors">One tensor for each of <see cref="Values"/>.</param>
    /// <exception cref="TensorMismatchException">A tensor is not one that its value accepts, or two axes that share a symbol differ.</exception>
    public ImmutableArray<long> Measure(ReadOnlySpan<Tensor> tensors)
    {
        if (tensors.Length != Values.Length)
            throw new TensorMismatchException($"{Values.Length} tensors are needed, {tensors.Length} were given. Give one for each of: {string.Join(", ", Values)}.");
        var sizes = new long[Symbols.Length];
        sizes.AsSpan().Fill(-1);
        for (var value = 0; value < Values.Length; value++) Measure(value, tensors[value], sizes);
        return ImmutableArray.Create(sizes);
    }

    private void Measure(int value, Tensor tensor, long[] sizes)
    {
        if (!Values[value].Accepts(tensor.ElementType, tensor.Shape))
            throw new TensorMismatchException($"The tensor for '{Values[value].Name}' is {tensor}; the model says {Values[value]}. Give a tensor of that type and shape.");
        for (var axis = 0; axis < _symbolOfAxis[value].Length; axis++)
        {
            if (_symbolOfAxis[value][axis] is var symbol && symbol < 0) continue;
            var size = tensor.Shape.Dimensions[axis];
            if (sizes[symbol] >= 0 && sizes[symbol] != size)
                throw new TensorMismatchException($"Axis {axis} of '{Values[value].Name}' has size {size}, but '{Symbols[symbol]}' is {sizes[symbol]} elsewhere in the same request. Axes that share a symbol must have the same size.");
            sizes[symbol] = size;
        }
    }

    private void CheckSymbols(ReadOnlySpan<long> sizes, SizeLimits limits)
    {
        if (sizes.Length != Symbols.Length)
            throw new SizeLimitException($"{sizes.Length} sizes were stated for {Symbols.Length} symbols. Both ends must have the same plan.");
        for (var symbol = 0; symbol < sizes.Length; symbol++)
        {
            if (sizes[symbol] < 0 || sizes[symbol] > limits.MaxDimension)
                throw new SizeLimitException($"Size {sizes[symbol]} of '{Symbols[symbol]}' is not within 0 and {limits.MaxDimension}. Send a smaller tensor, or raise {nameof(SizeLimits)}.{nameof(SizeLimits.MaxDimension)}.");
        }
    }

    private void CheckBytes(ReadOnlySpan<long> sizes, SizeLimits limits)
    {
        // 128 bits hold any sum of bounded terms; each term is bounded before it is multiplied again.
        Int128 total = 0;
        for (var value = 0; value < Values.Length; value++)
        {
            total += BytesOf(value, sizes, limits);
            if (total > limits.MaxBytes || total > TensorBufferPool.MaxBytes)
                throw new SizeLimitException($"'{Values[value].Name}' takes the tensors of the request over {Math.Min(limits.MaxBytes, TensorBufferPool.MaxBytes)} bytes. Send smaller tensors, or raise {nameof(SizeLimits)}.{nameof(SizeLimits.MaxBytes)}.");
        }
    }

    private Int128 BytesOf(int value, ReadOnlySpan<long> sizes, SizeLimits limits)
    {
        // Text has no width and never crosses, but its element count must fit all the same.
        Int128 bits = Math.Max(1, Values[value].Type.BitWidth());
        var isEmpty = false;
        for (var axis = 0; axis < _symbolOfAxis[value].Length; axis++)
        {
            var size = SizeOf(value, axis, sizes);
            isEmpty |= size == 0;
            // A shape's element count must fit 63 bits even where a later axis is 0, so an axis of 0 does not end the check.
            if (size > 0) bits *= size;
            if (bits > (Int128)long.MaxValue)
                throw new SizeLimitException($"'{Values[value].Name}' would be over {limits.MaxBytes} bytes. Send a smaller tensor.");
        }

        return isEmpty ? 0 : (bits + 7) / 8;
    }

    private long SizeOf(int value, int axis, ReadOnlySpan<long> sizes) =>
        _symbolOfAxis[value][axis] is >= 0 and var symbol ? sizes[symbol] : Values[value].Dimensions[axis].Size;
}
