using SplitInfer.Codecs;
using SplitInfer.Tensors;

namespace SplitInfer.Protocol;

/// <summary>
/// Tensors on their way out as a payload: themselves where the codec is an identity, else slab by slab, each encoded only when
/// those before have been taken, so that they travel meanwhile. Not thread-safe; reused from message to message.
/// </summary>
internal sealed class OutgoingPayload
{
    private ITensorCodec _codec = null!;
    private ReadOnlyMemory<TensorValue> _tensors;
    private Slabs[] _slabs = [];
    private Place _next;
    private ReadOnlyMemory<byte> _ready;
    private TensorBuffer? _block;

    /// <summary>Bytes taken; good until the next <see cref="Open"/>.</summary>
    public long Taken { get; private set; }

    /// <summary>Whether all have been.</summary>
    public bool IsTaken => _ready.IsEmpty && _next.Value == _tensors.Length;

    /// <summary>Starts at the first byte of <paramref name="tensors"/>, which must live and not change until all was taken or <see cref="Clear"/>.</summary>
    public void Open(ITensorCodec codec, ReadOnlyMemory<TensorValue> tensors)
    {
        (_codec, _tensors, _next, Taken) = (codec, tensors, default, 0);
        if (codec.IsIdentity)
        {
            NextTensor();
            return;
        }

        if (_slabs.Length < tensors.Length) Array.Resize(ref _slabs, tensors.Length);
        for (var value = 0; value < tensors.Length; value++)
        {
            var tensor = tensors.Span[value];
            if (!_slabs[value].IsOf(codec, tensor.ElementType, tensor.Shape)) _slabs[value] = Slabs.For(codec, tensor.ElementType, tensor.Shape);
        }
    }

    /// <summary>Encodes what is to be taken next, unless that is there: one slab, or several that are small. What the codec throws is the caller's.</summary>
    public void Prepare()
    {
        if (!_ready.IsEmpty || IsTaken) return;
        var (end, room) = NextSlabs();
        if (_block is null || _block.Capacity < room)
        {
            _block?.Release();
            _block = null;
            _block = TensorBufferPool.Shared.Rent(room);
        }

        var written = 0;
        for (; _next != end; _next = After(_next))
            written += _slabs[_next.Value].Encode(_next.Slab, _codec, _tensors.Span[_next.Value].Bytes.Span, _block.Memory.Span[written..]);
        _ready = _block.Memory[..written];
    }

    /// <summary>Takes the next bytes that lie side by side: at least one, unless nothing is ready or <paramref name="atMost"/> is 0. They are good until the next <see cref="Prepare"/>.</summary>
    public ReadOnlyMemory<byte> Take(int atMost)
    {
        var piece = _ready[..Math.Min(atMost, _ready.Length)];
        _ready = _ready[piece.Length..];
        Taken += piece.Length;
        if (_codec.IsIdentity) NextTensor();
        return piece;
    }

    /// <summary>Releases the tensors and what was made of them.</summary>
    public void Clear()
    {
        _block?.Release();
        (_block, _tensors, _ready, _next) = (null, default, default, default);
    }

    private void NextTensor()
    {
        while (_ready.IsEmpty && _next.Value < _tensors.Length)
        {
            _ready = _tensors.Span[_next.Value].Bytes;
            _next = new(_next.Value + 1, 0);
        }
    }

    /// <summary>As many of the next slabs as one would be, and the room that they may take.</summary>
    private (Place End, long Room) NextSlabs()
    {
        long bytes = 0, room = 0;
        var end = _next;
        do
        {
            var slabs = _slabs[end.Value];
            bytes += slabs[end.Slab].Bytes;
            room = checked(room + Slabs.LengthBytes + slabs.MaxEncodedLength(_codec));
            end = After(end);
        }
        while (end.Value < _tensors.Length && bytes + _slabs[end.Value][end.Slab].Bytes <= Slabs.TargetBytes);
        return (end, room);
    }

    private Place After(Place place) =>
        place.Slab + 1 < _slabs[place.Value].Count ? place with { Slab = place.Slab + 1 } : new(place.Value + 1, 0);

    private readonly record struct Place(int Value, int Slab);
}
