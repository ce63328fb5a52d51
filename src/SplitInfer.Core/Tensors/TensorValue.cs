using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace SplitInfer.Tensors;

/// <summary>
/// A dense tensor, row-major, little-endian, in pooled 64-byte aligned memory that never moves. The owner disposes a tensor once;
/// its spans must not be used afterwards. Several threads may read it at the same time; writing is not thread-safe.
/// </summary>
[DebuggerDisplay("{TensorText.Of(this),nq}")]
public sealed class TensorValue : IDisposable
{
    private readonly string[]? _text;
    private TensorBuffer? _buffer;
    private readonly int _offset;

    private TensorValue(ElementType type, TensorShape shape, TensorBuffer buffer, int offset, int byteLength)
    {
        (ElementType, Shape, _buffer, _offset, ByteLength) = (type, shape, buffer, offset, byteLength);
    }

    private TensorValue(TensorShape shape, string[] text)
    {
        (ElementType, Shape, _text) = (ElementType.Text, shape, text);
    }

    /// <summary>The type of the elements.</summary>
    public ElementType ElementType { get; }

    /// <summary>The dimensions.</summary>
    public TensorShape Shape { get; }

    /// <summary>Bytes of all elements; 0 for text.</summary>
    public int ByteLength { get; }

    /// <summary>The elements as bytes, in place.</summary>
    /// <exception cref="InvalidOperationException">The elements are text.</exception>
    /// <exception cref="ObjectDisposedException">The tensor was disposed.</exception>
    public Memory<byte> Bytes => Block.Memory.Slice(_offset, ByteLength);

    /// <summary>The elements of a text tensor, in place.</summary>
    /// <exception cref="InvalidOperationException">The elements are not text.</exception>
    public string[] Text => _text ?? throw new InvalidOperationException($"A {ElementType.DisplayName()} tensor holds no text.");

    /// <summary>Whether the memory was given back; text has none.</summary>
    internal bool IsDisposed => _buffer is null && _text is null;

    /// <summary>Address of the first element; aligned to 64 bytes unless the tensor is a slice of a payload.</summary>
    internal unsafe byte* Pointer => Block.Pointer + _offset;

    /// <summary>The block that the elements lie in.</summary>
    internal TensorBuffer Block => _buffer ?? throw (_text is null
        ? new ObjectDisposedException(nameof(TensorValue))
        : new InvalidOperationException("A text tensor has no bytes."));

    /// <summary>The elements, in place.</summary>
    /// <exception cref="InvalidOperationException">The elements are not of size <c>sizeof(T)</c>.</exception>
    public Span<T> Span<T>() where T : unmanaged
    {
        if (Unsafe.SizeOf<T>() * 8 != ElementType.BitWidth() && typeof(T) != typeof(byte))
            throw new InvalidOperationException($"A {ElementType.DisplayName()} tensor cannot be read as {typeof(T).Name}.");
        return MemoryMarshal.Cast<byte, T>(Bytes.Span);
    }

    /// <summary>A tensor whose content is undefined until it is written.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The type has no fixed size, or the tensor would be over 2 GiB.</exception>
    public static TensorValue Allocate(ElementType type, TensorShape shape)
    {
        if (!type.HasFixedSize()) throw new ArgumentOutOfRangeException(nameof(type), $"A {type.DisplayName()} tensor has no fixed size.");
        var bytes = type.ByteSize(shape.ElementCount);
        return new(type, shape, TensorBufferPool.Shared.Rent(bytes), 0, (int)bytes);
    }

    /// <summary>A tensor in its own block outside the pool, for large values with a long lifetime, such as weights.</summary>
    internal static TensorValue AllocateUnpooled(ElementType type, TensorShape shape, ReadOnlySpan<byte> bytes)
    {
        var buffer = new TensorBuffer(pool: null, bytes.Length);
        buffer.Rent();
        bytes.CopyTo(buffer.Memory.Span);
        return View(type, shape, buffer, 0);
    }

    /// <summary>A tensor with a copy of <paramref name="elements"/>.</summary>
    /// <exception cref="ArgumentException">The shape does not hold as many elements.</exception>
    public static TensorValue From<T>(ReadOnlySpan<T> elements, params ReadOnlySpan<long> dimensions) where T : unmanaged
    {
        var shape = dimensions.IsEmpty && elements.Length != 1 ? new TensorShape(elements.Length) : new TensorShape(dimensions);
        return From(ElementTypes.Of<T>(), shape, MemoryMarshal.AsBytes(elements));
    }

    /// <summary>A tensor with a copy of <paramref name="bytes"/>, which must be as many as the type and shape need.</summary>
    /// <exception cref="ArgumentException">They are not as many.</exception>
    public static TensorValue From(ElementType type, TensorShape shape, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != type.ByteSize(shape.ElementCount))
            throw new ArgumentException($"A {type.DisplayName()} tensor of shape {shape} takes {type.ByteSize(shape.ElementCount)} bytes, not {bytes.Length}.", nameof(bytes));
        var tensor = Allocate(type, shape);
        bytes.CopyTo(tensor.Bytes.Span);
        return tensor;
    }

    /// <summary>A text tensor that holds <paramref name="text"/> itself, not a copy.</summary>
    /// <exception cref="ArgumentException">The shape does not hold as many elements.</exception>
    public static TensorValue From(string[] text, TensorShape shape) => shape.ElementCount == text.Length
        ? new(shape, text)
        : throw new ArgumentException($"Shape {shape} does not hold {text.Length} strings.", nameof(text));

    /// <summary>A view of a part of <paramref name="buffer"/>; takes over one reference of the caller's.</summary>
    internal static TensorValue View(ElementType type, TensorShape shape, TensorBuffer buffer, int offset)
    {
        var bytes = type.ByteSize(shape.ElementCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + bytes, buffer.Capacity);
        return new(type, shape, buffer, offset, (int)bytes);
    }

    /// <summary>A native value over the memory, valid until the tensor is disposed. Give it back with <see cref="ReturnView"/>, so that it need not be made again.</summary>
    internal NativeView TakeView() => Block.TakeView(ElementType, Shape, _offset) ?? new(NativeView.Create(this), ElementType, Shape, _offset);

    /// <summary>Returns the view that <see cref="TakeView"/> returned.</summary>
    internal void ReturnView(NativeView view) => Block.ReturnView(view);

    /// <summary>A second owner of the same memory. Both must be disposed.</summary>
    public TensorValue Share() => _text is null
        ? new(ElementType, Shape, Block.AddReference(), _offset, ByteLength)
        : new(Shape, _text);

    /// <summary>Gives the memory back to the pool once no other owner shares it.</summary>
    public void Dispose() => Interlocked.Exchange(ref _buffer, null)?.Release();

    /// <summary>Type and shape, as people read them.</summary>
    public override string ToString() => $"{ElementType.DisplayName()} {Shape}";
}
