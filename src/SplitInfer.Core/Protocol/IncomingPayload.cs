using System.Buffers.Binary;
using System.Collections.Immutable;
using SplitInfer.Codecs;
using SplitInfer.Tensors;

namespace SplitInfer.Protocol;

/// <summary>
/// A payload on its way in. Where the codec is an identity it comes into one block, in which each value has an aligned place, and
/// the tensors are views of it. Else it comes into a buffer for one slab, and each slab is decoded into its tensor before the next
/// comes; the last one only by <see cref="Finish"/>, since nothing comes meanwhile. Not thread-safe; reused from message to message.
/// </summary>
internal sealed class IncomingPayload
{
    private ITensorCodec _codec = null!;
    private ImmutableArray<TensorSpec> _values = [];
    private ImmutableArray<TensorShape> _shapes = [];
    private Slabs[] _slabs = [];
    private TensorValue?[] _tensors = [];
    private ArrivingBlock _block;
    private ArrivingBlock _tensor;
    private IByteAllowance? _allowance;
    private int _blockBytes;
    private int _slabBytesHeld;
    private int _value;
    private int _slab;

    // What comes now: so many bytes of the block, from a place on, of which some have come.
    private int _start;
    private int _due;
    private int _filled;

    /// <summary>Bytes that the payload takes at most: what comes, what it decodes to, and what decoding takes meanwhile.</summary>
    public long Bytes { get; private set; }

    /// <summary>Bytes that have come so far, those of a payload that was released included.</summary>
    public long Received { get; private set; }

    /// <summary>The codec that was said to come last.</summary>
    public ITensorCodec? Codec => _codec;

    /// <summary>Whether all has come.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>Why no tensors can be made of it; null where nothing is wrong so far. What comes then has no room.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Says what is to come, and takes no memory for it yet.</summary>
    /// <exception cref="SizeLimitException">It would take too much.</exception>
    public void Expect(ITensorCodec codec, ImmutableArray<TensorSpec> values, ImmutableArray<TensorShape> shapes)
    {
        (_codec, _values, _shapes, Received) = (codec, values, shapes, 0);
        if (_slabs.Length < values.Length) Array.Resize(ref _slabs, values.Length);
        long tensorBytes = 0, slabBytes = 0, scratchBytes = 0;
        for (var value = 0; value < values.Length; value++)
        {
            if (!_slabs[value].IsOf(codec, values[value].Type, shapes[value])) _slabs[value] = Slabs.For(codec, values[value].Type, shapes[value]);
            tensorBytes += Align(_slabs[value].Bytes);
            if (codec.IsIdentity) continue;
            slabBytes = Math.Max(slabBytes, checked(Slabs.LengthBytes + _slabs[value].MaxEncodedLength(codec)));
            scratchBytes = Math.Max(scratchBytes, _slabs[value].ScratchBytes(codec));
        }

        var blockBytes = codec.IsIdentity ? tensorBytes : slabBytes;
        if (blockBytes > TensorBufferPool.MaxBytes)
            throw new SizeLimitException($"The values take over {TensorBufferPool.MaxBytes} bytes in codec '{codec.Name}'. Send smaller tensors.");
        (_blockBytes, Bytes) = ((int)blockBytes, checked(tensorBytes + slabBytes + scratchBytes));
    }

    /// <summary>Makes room for the first of what was said to come; for the rest as it comes or is decoded.</summary>
    /// <param name="allowance">Asked for bytes as they come; what it denies is the payload's <see cref="Failure"/>. Null where memory is not limited.</param>
    public void Open(IByteAllowance? allowance = null)
    {
        _allowance = allowance;
        _block.Open(_blockBytes);
        if (_values.IsEmpty)
        {
            IsWhole = true;
        }
        else if (_codec.IsIdentity)
        {
            ExpectValue();
        }
        else
        {
            if (_tensors.Length < _values.Length) _tensors = new TensorValue?[_values.Length];
            _due = Slabs.LengthBytes;
        }
    }

    /// <summary>Where the next bytes go: at least one, unless all has come or something is wrong.</summary>
    public Memory<byte> Room(int atMost)
    {
        if (IsWhole || Failure is not null) return default;
        var at = _start + _filled;
        if (at >= _block.Capacity) _block.Grow(at + 1, filled: at);
        return _block.Buffer!.Memory.Slice(at, Math.Min(Math.Min(atMost, _due - _filled), _block.Capacity - at));
    }

    /// <summary>Says that so many bytes of <see cref="Room"/> were filled.</summary>
    public void Advance(int bytes)
    {
        _filled += bytes;
        Received += bytes;
        if (_codec.IsIdentity)
        {
            Hold(bytes);
        }
        else if (_filled > _slabBytesHeld)
        {
            Hold(_filled - _slabBytesHeld);
            _slabBytesHeld = _filled;
        }

        if (_filled < _due || Failure is not null) return;
        if (_codec.IsIdentity) EndValue();
        else if (_due == Slabs.LengthBytes) ReadLength();
        else EndSlab();
    }

    /// <summary>A frame has come whole.</summary>
    /// <param name="isLast">Whether it says that the payload ends with it.</param>
    /// <param name="beyond">Bytes of it for which there was no room.</param>
    public void EndFrame(bool isLast, int beyond)
    {
        if (IsWhole && (beyond > 0 || !isLast)) Fail("it goes on beyond its last value");
        else if (isLast && !IsWhole) Fail($"it ends before value {_value + 1} of {_values.Length} does");
    }

    /// <summary>Makes the tensors once all has come. On success each place of <paramref name="tensors"/> holds one that the caller owns, on failure none does.</summary>
    /// <exception cref="InvalidPayloadException">The last slab does not decode.</exception>
    /// <exception cref="Exception">The allowance denied the bytes that the last slab decodes to.</exception>
    public void Finish(Span<TensorValue> tensors)
    {
        var at = 0;
        if (!_codec.IsIdentity && !_values.IsEmpty) DecodeSlab();
        for (var value = 0; value < _values.Length; value++)
        {
            tensors[value] = _codec.IsIdentity ? TensorValue.View(_values[value].Type, _shapes[value], _block.Buffer!.AddReference(), at) : _tensors[value]!;
            at += (int)Align(_slabs[value].Bytes);
        }

        // They are the caller's now.
        _tensors.AsSpan().Clear();
    }

    /// <summary>Releases all memory; tensors that are views of the block keep it.</summary>
    public void Release()
    {
        _block.Release();
        _tensor.Release();
        foreach (var tensor in _tensors) tensor?.Dispose();
        _tensors.AsSpan().Clear();
        (_value, _slab, _start, _due, _filled, _slabBytesHeld) = (0, 0, 0, 0, 0, 0);
        (IsWhole, Failure, _allowance) = (false, null, null);
    }

    private void EndValue()
    {
        _start += (int)Align(_due);
        _value++;
        ExpectValue();
    }

    /// <summary>Values without elements have nothing to come.</summary>
    private void ExpectValue()
    {
        while (_value < _values.Length && _slabs[_value].Bytes == 0) _value++;
        if (_value == _values.Length) IsWhole = true;
        else (_due, _filled) = (_slabs[_value].Bytes, 0);
    }

    private void ReadLength()
    {
        var length = BinaryPrimitives.ReadUInt32LittleEndian(_block.Buffer!.Memory.Span);
        var most = _codec.MaxEncodedLength(_slabs[_value].Type, _slabs[_value][_slab].Shape);
        if (length > most) Fail($"slab {_slab} of value {_value} takes at most {most} bytes and {length} were stated");
        else if (length == 0) EndSlab();
        else _due += (int)length;
    }

    private void EndSlab()
    {
        var isLastOfValue = _slab + 1 == _slabs[_value].Count;
        if (isLastOfValue && _value + 1 == _values.Length)
        {
            IsWhole = true;
            return;
        }

        try
        {
            DecodeSlab();
        }
        catch (Exception exception)
        {
            // Whoever receives the frame says so when its checksum has shown that it came as it was sent.
            Failure = exception;
            return;
        }

        (_value, _slab) = isLastOfValue ? (_value + 1, 0) : (_value, _slab + 1);
        (_due, _filled) = (Slabs.LengthBytes, 0);
    }

    private void DecodeSlab()
    {
        var (slabs, slab) = (_slabs[_value], _slabs[_value][_slab]);
        var scratch = _codec.ScratchBytes(slabs.Type, slab.Shape);
        if (_allowance?.TryTake(slab.Bytes + scratch) is { } denied) throw denied;
        try
        {
            if (_slab == 0) _tensor.Open(slabs.Bytes);
            _tensor.Grow(slab.Start + slab.Bytes, filled: slab.Start);
            slabs.Decode(_slab, _codec, _block.Buffer!.Memory.Span[Slabs.LengthBytes.._filled], _tensor.Buffer!.Memory.Span);
        }
        finally
        {
            if (scratch > 0) _allowance?.GiveBack(scratch);
        }

        if (_slab + 1 == slabs.Count) _tensors[_value] = TensorValue.View(_values[_value].Type, _shapes[_value], _tensor.Take(), 0);
    }

    private void Hold(int bytes) => Failure ??= _allowance?.TryTake(bytes);

    private void Fail(string reason) => Failure ??= new InvalidPayloadException(_codec.Name, reason);

    private static long Align(int bytes) => (bytes + (TensorBuffer.Alignment - 1L)) & -TensorBuffer.Alignment;
}
