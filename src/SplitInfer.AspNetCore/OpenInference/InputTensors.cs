using SplitInfer.Protocol;
using SplitInfer.Server.WholeModels;
using SplitInfer.Tensors;

namespace SplitInfer.AspNetCore.OpenInference;

/// <summary>
/// The tensors of one request: compared with what the model takes before memory is taken for them, and then filled. Whoever makes it disposes it, unless
/// <see cref="Take"/> has handed the tensors on. Not thread-safe.
/// </summary>
/// <param name="request">The request, which counts the memory.</param>
/// <param name="limits">Sizes of the tensors of one request.</param>
internal sealed class InputTensors(WholeModelRequest request, SizeLimits limits) : IDisposable
{
    private readonly TensorShape?[] _shapes = new TensorShape?[request.Inputs.Length];
    private TensorValue?[]? _tensors;
    private long _bytes;

    /// <summary>Notes an input that comes.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="datatype">The type of its elements, in the protocol's words.</param>
    /// <param name="shape">Its dimensions.</param>
    /// <param name="binarySize">Bytes of its elements as the client states them; null where it does not.</param>
    /// <returns>Its place among the inputs of the model.</returns>
    /// <exception cref="InferenceException">The model does not take it, or it is too large.</exception>
    public int Expect(string name, string datatype, ReadOnlySpan<long> shape, long? binarySize)
    {
        var place = PlaceOf(name);
        var spec = request.Inputs[place];
        if (_shapes[place] is not null) throw InferenceException.Bad($"Input '{spec.Name}' comes twice. Send it once.");
        if (spec.Type == ElementType.Text) throw InferenceException.NotSupported($"Input '{spec.Name}' is BYTES, which the server does not take. Use a SplitInfer client, whose device handles text.");
        if (datatype != Datatypes.WordOf(spec.Type)) throw InferenceException.Bad($"Input '{spec.Name}' has datatype {PeerText.Clean(datatype)}, and the model takes {Datatypes.Describe(spec)}. Convert its elements.");
        var known = ShapeOf(spec, shape);
        var bytes = spec.Type.ByteSize(known.ElementCount);
        if (binarySize is { } stated && stated != bytes) throw InferenceException.Bad($"Input '{spec.Name}' has {stated} bytes of elements, where {datatype} of shape [{string.Join(',', shape.ToArray())}] has {bytes}.");
        _bytes += bytes;
        if (_bytes > limits.MaxBytes) throw TooLarge();
        _shapes[place] = known;
        return place;
    }

    /// <summary>Allocates the tensors that were noted. Their content is undefined until it is filled in.</summary>
    /// <param name="areCounted">Whether room has been made for them already.</param>
    /// <exception cref="InferenceException">An input is missing.</exception>
    /// <exception cref="TailRefusedException">The client holds as many bytes as it may.</exception>
    public void Allocate(bool areCounted = false)
    {
        for (var place = 0; place < _shapes.Length; place++)
            if (_shapes[place] is null && !request.IsOptional(request.Inputs[place])) throw InferenceException.Bad($"Input '{request.Inputs[place].Name}' is missing. The model takes {All()}.");
        if (!areCounted) request.Promise(_bytes);
        request.BytesReceived = _bytes;
        _tensors = new TensorValue[_shapes.Length];
        for (var place = 0; place < _shapes.Length; place++)
            if (_shapes[place] is { } shape) _tensors[place] = TensorValue.Allocate(request.Inputs[place].Type, shape);
    }

    /// <summary>An allocated tensor.</summary>
    public TensorValue this[int place] => _tensors![place]!;

    /// <summary>Checks elements that came as bytes.</summary>
    /// <exception cref="InferenceException">They are none of their type.</exception>
    public void Check(int place)
    {
        if (this[place] is { ElementType: ElementType.Bool } flags && flags.Bytes.Span.ContainsAnyExceptInRange((byte)0, (byte)1))
            throw InferenceException.Bad($"Input '{request.Inputs[place].Name}' has bytes other than 0 and 1, which are the elements of BOOL.");
    }

    /// <summary>Hands the tensors on, null where an input is left out.</summary>
    public TensorValue?[] Take()
    {
        var tensors = _tensors!;
        _tensors = null;
        return tensors;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in _tensors ?? []) tensor?.Dispose();
    }

    private int PlaceOf(string name)
    {
        for (var place = 0; place < request.Inputs.Length; place++)
            if (request.Inputs[place].Name == name) return place;
        throw InferenceException.Bad($"The model has no input '{PeerText.Clean(name)}'. It takes {All()}.");
    }

    private TensorShape ShapeOf(TensorSpec spec, ReadOnlySpan<long> dimensions)
    {
        // Before they are multiplied, so that no product overflows.
        Int128 elements = 1;
        for (var axis = 0; axis < dimensions.Length; axis++)
        {
            var size = dimensions[axis];
            var isFixed = axis < spec.Dimensions.Length && spec.Dimensions[axis].Size == size;
            if (size < 0) throw InferenceException.Bad($"Input '{spec.Name}' has a dimension of {size}. State the sizes of this request.");
            if (size > limits.MaxDimension && !isFixed) throw InferenceException.TooLarge($"Input '{spec.Name}' has a dimension of {size}, and the server takes at most {limits.MaxDimension}. Send a smaller tensor, or raise Limits.Sizes.MaxDimension.");
            if (size > 0) elements *= size;
            if (elements > 8 * (Int128)limits.MaxBytes || elements > long.MaxValue) throw TooLarge();
        }

        var shape = new TensorShape(dimensions);
        return spec.Accepts(spec.Type, shape)
            ? shape
            : throw InferenceException.Bad($"Input '{spec.Name}' has shape [{string.Join(',', dimensions.ToArray())}], and the model takes {Datatypes.Describe(spec)}. Send a tensor of such a shape; a single example has an axis of size 1 in front, for the batch.");
    }

    private InferenceException TooLarge() => InferenceException.TooLarge($"The inputs have more than {limits.MaxBytes} bytes together, the most that the server takes. Send smaller tensors, or raise Limits.Sizes.MaxBytes.");

    private string All() => string.Join(", ", request.Inputs.Select(Datatypes.Describe));
}
