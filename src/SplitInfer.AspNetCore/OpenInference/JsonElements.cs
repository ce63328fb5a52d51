using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text.Json;
using SplitInfer.Tensors;

namespace SplitInfer.AspNetCore.OpenInference;

/// <summary>The elements of a tensor as the protocol has them in JSON: an array of numbers or truth values, in row-major order, flat or nested as the shape is.</summary>
internal static class JsonElements
{
    /// <summary>Reads all elements of a tensor.</summary>
    /// <param name="data">The array.</param>
    /// <param name="name">The input, for messages.</param>
    /// <param name="tensor">Its type and shape; receives the elements.</param>
    /// <exception cref="InferenceException">There are more or fewer, or one is not of the type.</exception>
    public static void Read(ReadOnlySequence<byte> data, string name, TensorValue tensor)
    {
        switch (tensor.ElementType)
        {
            case ElementType.Bool: Read<byte, Flag>(data, name, tensor); break;
            case ElementType.UInt8: Read<byte, Number<byte>>(data, name, tensor); break;
            case ElementType.Int8: Read<sbyte, Number<sbyte>>(data, name, tensor); break;
            case ElementType.UInt16: Read<ushort, Number<ushort>>(data, name, tensor); break;
            case ElementType.Int16: Read<short, Number<short>>(data, name, tensor); break;
            case ElementType.UInt32: Read<uint, Number<uint>>(data, name, tensor); break;
            case ElementType.Int32: Read<int, Number<int>>(data, name, tensor); break;
            case ElementType.UInt64: Read<ulong, Number<ulong>>(data, name, tensor); break;
            case ElementType.Int64: Read<long, Number<long>>(data, name, tensor); break;
            case ElementType.Float16: Read<Half, Floating<Half>>(data, name, tensor); break;
            case ElementType.Float32: Read<float, Floating<float>>(data, name, tensor); break;
            case ElementType.Float64: Read<double, Floating<double>>(data, name, tensor); break;
            case ElementType.BFloat16: Read<ushort, Brain>(data, name, tensor); break;
            default: throw InferenceException.NotSupported($"Input '{name}' is {Datatypes.WordOf(tensor.ElementType)}, which JSON does not have here. Send its elements as binary data.");
        }
    }

    /// <summary>Writes some elements of a tensor, without the array around them. All must be finite.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="tensor">The tensor.</param>
    /// <param name="start">The first of them.</param>
    /// <param name="count">How many.</param>
    public static void Write(Utf8JsonWriter writer, TensorValue tensor, int start, int count)
    {
        switch (tensor.ElementType)
        {
            case ElementType.Bool: foreach (var value in Some<byte>()) writer.WriteBooleanValue(value != 0); break;
            case ElementType.UInt8: foreach (var value in Some<byte>()) writer.WriteNumberValue((uint)value); break;
            case ElementType.Int8: foreach (var value in Some<sbyte>()) writer.WriteNumberValue((int)value); break;
            case ElementType.UInt16: foreach (var value in Some<ushort>()) writer.WriteNumberValue((uint)value); break;
            case ElementType.Int16: foreach (var value in Some<short>()) writer.WriteNumberValue((int)value); break;
            case ElementType.UInt32: foreach (var value in Some<uint>()) writer.WriteNumberValue(value); break;
            case ElementType.Int32: foreach (var value in Some<int>()) writer.WriteNumberValue(value); break;
            case ElementType.UInt64: foreach (var value in Some<ulong>()) writer.WriteNumberValue(value); break;
            case ElementType.Int64: foreach (var value in Some<long>()) writer.WriteNumberValue(value); break;
            case ElementType.Float16: foreach (var value in Some<Half>()) writer.WriteNumberValue((float)value); break;
            case ElementType.Float32: foreach (var value in Some<float>()) writer.WriteNumberValue(value); break;
            case ElementType.Float64: foreach (var value in Some<double>()) writer.WriteNumberValue(value); break;
            case ElementType.BFloat16: foreach (var value in Some<ushort>()) writer.WriteNumberValue(BitConverter.UInt32BitsToSingle((uint)value << 16)); break;
            default: throw new InvalidOperationException($"{tensor} cannot be written as JSON.");
        }

        ReadOnlySpan<T> Some<T>() where T : unmanaged => MemoryMarshal.Cast<byte, T>(tensor.Bytes.Span).Slice(start, count);
    }

    /// <summary>Whether elements of a type can stand in JSON.</summary>
    public static bool CanHold(ElementType type) => type.BitWidth() >= 8 && type.CanBeBound();

    private static void Read<T, TKind>(ReadOnlySequence<byte> data, string name, TensorValue tensor)
        where T : unmanaged
        where TKind : IKind<T>
    {
        var reader = new Utf8JsonReader(data);
        var target = MemoryMarshal.Cast<byte, T>(tensor.Bytes.Span);
        var shape = tensor.Shape.Dimensions;
        var nesting = new Nesting(name, shape, stackalloc long[shape.Length + 2]);
        var next = 0;
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartArray: nesting.Enter(); break;
                case JsonTokenType.EndArray: nesting.Leave(); break;
                default:
                    nesting.Count();
                    if (next == target.Length) throw WrongCount($"more than {next}");
                    if (!TKind.TryRead(ref reader, out target[next]))
                        throw InferenceException.Bad($"Element {next} of input '{name}' is not of its datatype {Datatypes.WordOf(tensor.ElementType)}, or not in its range.");
                    next++;
                    break;
            }
        }

        if (next < target.Length) throw WrongCount($"only {next}");

        InferenceException WrongCount(string found) =>
            InferenceException.Bad($"Input '{name}' has {found} elements, and its shape [{string.Join(',', tensor.Shape.Dimensions.ToArray())}] has {tensor.Shape.ElementCount}.");
    }

    /// <summary>How elements of one type are read.</summary>
    private interface IKind<T>
    {
        static abstract bool TryRead(ref Utf8JsonReader reader, out T value);
    }

    private readonly struct Number<T> : IKind<T>
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        public static bool TryRead(ref Utf8JsonReader reader, out T value)
        {
            value = default;
            if (reader.TokenType != JsonTokenType.Number) return false;
            if (typeof(T) == typeof(ulong))
            {
                var isWhole = reader.TryGetUInt64(out var large);
                value = T.CreateTruncating(large);
                return isWhole;
            }

            if (!reader.TryGetInt64(out var number) || number < long.CreateSaturating(T.MinValue) || number > long.CreateSaturating(T.MaxValue)) return false;
            value = T.CreateTruncating(number);
            return true;
        }
    }

    private readonly struct Floating<T> : IKind<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public static bool TryRead(ref Utf8JsonReader reader, out T value)
        {
            value = default;
            if (reader.TokenType != JsonTokenType.Number) return false;
            // As it is written to the type itself: by way of a wider one it would be rounded twice.
            if (typeof(T) == typeof(float) && reader.TryGetSingle(out var single)) value = T.CreateTruncating(single);
            else if (reader.TryGetDouble(out var number)) value = T.CreateTruncating(number);
            else return false;
            return T.IsFinite(value);
        }
    }

    private readonly struct Brain : IKind<ushort>
    {
        private const int Shift = 16;
        private const uint Half = 0x7FFF;

        public static bool TryRead(ref Utf8JsonReader reader, out ushort value)
        {
            value = 0;
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetSingle(out var number) || !float.IsFinite(number)) return false;
            var bits = BitConverter.SingleToUInt32Bits(number);
            // To the nearest, ties to even.
            value = (ushort)((bits + Half + ((bits >> Shift) & 1)) >> Shift);
            return float.IsFinite(BitConverter.UInt32BitsToSingle((uint)value << Shift));
        }
    }

    private readonly struct Flag : IKind<byte>
    {
        public static bool TryRead(ref Utf8JsonReader reader, out byte value)
        {
            value = 0;
            if (reader.TokenType is JsonTokenType.True or JsonTokenType.False)
            {
                value = reader.GetBoolean() ? (byte)1 : (byte)0;
                return true;
            }

            return reader.TokenType == JsonTokenType.Number && reader.TryGetByte(out value) && value <= 1;
        }
    }

    /// <summary>Compares the arrays within an array with a shape. One array with all elements fits every shape.</summary>
    private ref struct Nesting(string name, ReadOnlySpan<long> shape, Span<long> counts)
    {
        private readonly ReadOnlySpan<long> _shape = shape;
        private readonly Span<long> _counts = counts;
        private int _depth;
        private bool _isNested, _isFlat;

        public void Enter()
        {
            if (_depth == 1 && _isFlat) throw Wrong();
            if (_depth > 0) _counts[_depth]++;
            _isNested |= _depth > 0;
            if (_isNested && _depth >= _shape.Length) throw Wrong();
            _counts[++_depth] = 0;
        }

        public void Count()
        {
            _counts[_depth]++;
            if (_isNested ? _depth != _shape.Length : _depth != 1) throw Wrong();
            _isFlat |= !_isNested;
        }

        public void Leave()
        {
            if (_isNested && _counts[_depth] != _shape[_depth - 1]) throw Wrong();
            _depth--;
        }

        private readonly InferenceException Wrong() =>
            InferenceException.Bad($"The \"data\" of input '{name}' is nested otherwise than its shape [{string.Join(',', _shape.ToArray())}]. Send one flat array in row-major order, or arrays nested as the shape is.");
    }
}
