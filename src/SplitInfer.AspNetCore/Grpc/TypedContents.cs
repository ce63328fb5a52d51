using System.Numerics;
using System.Runtime.InteropServices;
using SplitInfer.AspNetCore.Grpc.Messages;
using SplitInfer.AspNetCore.OpenInference;
using SplitInfer.Protocol;
using SplitInfer.Tensors;

namespace SplitInfer.AspNetCore.Grpc;

/// <summary>Elements of tensors as lists of numbers, a list for each kind of datatype.</summary>
internal static class TypedContents
{
    /// <summary>Whether a type has such a list.</summary>
    public static bool CanHold(ElementType type) => type is ElementType.Bool or ElementType.Int8 or ElementType.Int16 or ElementType.Int32 or ElementType.Int64
        or ElementType.UInt8 or ElementType.UInt16 or ElementType.UInt32 or ElementType.UInt64 or ElementType.Float32 or ElementType.Float64;

    /// <summary>Makes sure that there are as many elements as the shape says, which then may be taken into memory.</summary>
    /// <param name="input">The input.</param>
    /// <param name="type">The type of its elements.</param>
    /// <exception cref="InferenceException">There are more or fewer, or the type has no such list.</exception>
    public static void RequireElements(ModelInferRequest.Types.InferInputTensor input, ElementType type)
    {
        var found = input.Contents is { } contents ? CountOf(contents, type) : CanHold(type) ? 0 : null;
        if (found is null) throw InferenceException.Bad($"Input '{PeerText.Clean(input.Name)}' is {Datatypes.WordOf(type)}, which has no typed contents. Send it in raw_input_contents.");
        var expected = input.Shape.Aggregate(1L, static (product, size) => product * size);
        if (found != expected) throw InferenceException.Bad($"Input '{PeerText.Clean(input.Name)}' has {found} elements in the contents of {Datatypes.WordOf(type)}, and its shape has {expected}.");
    }

    /// <summary>Reads all elements of a tensor, of which there are as many as <see cref="RequireElements"/> requires.</summary>
    /// <exception cref="InferenceException">One is not in the range of the type.</exception>
    public static void Read(ModelInferRequest.Types.InferInputTensor input, TensorValue tensor)
    {
        var contents = input.Contents ?? new();
        switch (tensor.ElementType)
        {
            case ElementType.Bool: Copy(contents.BoolContents, tensor.Bytes.Span, static value => value ? (byte)1 : (byte)0); break;
            case ElementType.Int8: Narrow<int, sbyte>(contents.IntContents); break;
            case ElementType.Int16: Narrow<int, short>(contents.IntContents); break;
            case ElementType.Int32: Narrow<int, int>(contents.IntContents); break;
            case ElementType.Int64: Narrow<long, long>(contents.Int64Contents); break;
            case ElementType.UInt8: Narrow<uint, byte>(contents.UintContents); break;
            case ElementType.UInt16: Narrow<uint, ushort>(contents.UintContents); break;
            case ElementType.UInt32: Narrow<uint, uint>(contents.UintContents); break;
            case ElementType.UInt64: Narrow<ulong, ulong>(contents.Uint64Contents); break;
            case ElementType.Float32: Copy(contents.Fp32Contents, tensor.Span<float>(), static value => value); break;
            case ElementType.Float64: Copy(contents.Fp64Contents, tensor.Span<double>(), static value => value); break;
            default: throw new InvalidOperationException($"{tensor} has no typed contents.");
        }

        void Narrow<TWide, T>(IList<TWide> source)
            where TWide : IBinaryInteger<TWide>
            where T : unmanaged, IBinaryInteger<T>
        {
            try
            {
                Copy(source, MemoryMarshal.Cast<byte, T>(tensor.Bytes.Span), T.CreateChecked);
            }
            catch (OverflowException)
            {
                throw InferenceException.Bad($"Input '{PeerText.Clean(input.Name)}' has an element that is not in the range of {Datatypes.WordOf(tensor.ElementType)}.");
            }
        }

        static void Copy<TWide, T>(IList<TWide> source, Span<T> target, Func<TWide, T> convert)
        {
            for (var at = 0; at < target.Length; at++) target[at] = convert(source[at]);
        }
    }

    /// <summary>Bytes that one element of a type takes as a number of such a list.</summary>
    public static int WidthOf(ElementType type) => type switch
    {
        ElementType.Bool => sizeof(bool),
        ElementType.Int64 or ElementType.UInt64 or ElementType.Float64 => sizeof(long),
        _ => sizeof(int),
    };

    /// <summary>The elements of a tensor.</summary>
    public static InferTensorContents Of(TensorValue tensor)
    {
        var contents = new InferTensorContents();
        switch (tensor.ElementType)
        {
            case ElementType.Bool: Add<byte, bool>(contents.BoolContents, static value => value != 0); break;
            case ElementType.Int8: Add<sbyte, int>(contents.IntContents, static value => value); break;
            case ElementType.Int16: Add<short, int>(contents.IntContents, static value => value); break;
            case ElementType.Int32: Add<int, int>(contents.IntContents, static value => value); break;
            case ElementType.Int64: Add<long, long>(contents.Int64Contents, static value => value); break;
            case ElementType.UInt8: Add<byte, uint>(contents.UintContents, static value => value); break;
            case ElementType.UInt16: Add<ushort, uint>(contents.UintContents, static value => value); break;
            case ElementType.UInt32: Add<uint, uint>(contents.UintContents, static value => value); break;
            case ElementType.UInt64: Add<ulong, ulong>(contents.Uint64Contents, static value => value); break;
            case ElementType.Float32: Add<float, float>(contents.Fp32Contents, static value => value); break;
            case ElementType.Float64: Add<double, double>(contents.Fp64Contents, static value => value); break;
            default: throw new InvalidOperationException($"{tensor} has no typed contents.");
        }

        return contents;

        void Add<T, TWide>(Google.Protobuf.Collections.RepeatedField<TWide> target, Func<T, TWide> convert)
            where T : unmanaged
        {
            var source = MemoryMarshal.Cast<byte, T>(tensor.Bytes.Span);
            target.Capacity = source.Length;
            foreach (var value in source) target.Add(convert(value));
        }
    }

    private static long? CountOf(InferTensorContents contents, ElementType type) => type switch
    {
        ElementType.Bool => contents.BoolContents.Count,
        ElementType.Int8 or ElementType.Int16 or ElementType.Int32 => contents.IntContents.Count,
        ElementType.Int64 => contents.Int64Contents.Count,
        ElementType.UInt8 or ElementType.UInt16 or ElementType.UInt32 => contents.UintContents.Count,
        ElementType.UInt64 => contents.Uint64Contents.Count,
        ElementType.Float32 => contents.Fp32Contents.Count,
        ElementType.Float64 => contents.Fp64Contents.Count,
        _ => null,
    };
}
