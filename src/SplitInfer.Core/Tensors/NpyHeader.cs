using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace SplitInfer.Tensors;

/// <summary>The dictionary at the start of a <c>.npy</c> file: <c>{'descr': '&lt;f4', 'fortran_order': False, 'shape': (2, 3), }</c>.</summary>
internal sealed partial record NpyHeader(ElementType Type, TensorShape Shape, bool IsFortranOrder, bool IsBigEndian)
{
    private const int MaxRank = 32;

    /// <summary>The header of a tensor with its layout in memory.</summary>
    /// <exception cref="NotSupportedException">NumPy has no such element type.</exception>
    public static NpyHeader For(TensorValue tensor)
    {
        _ = KindOf(tensor.ElementType);
        return new(tensor.ElementType, tensor.Shape, IsFortranOrder: false, IsBigEndian: false);
    }

    /// <exception cref="InvalidTensorException">It is not such a dictionary, or its elements are of a kind that is not read.</exception>
    public static NpyHeader Parse(string text)
    {
        var descr = Field(Descr(), text, "descr");
        var type = TypeOf(descr);
        return new(type, ShapeOf(Field(ShapeTuple(), text, "shape")), Field(Order(), text, "fortran_order") == "True", descr[0] == '>');
    }

    /// <summary>The dictionary in ASCII, without padding and line end.</summary>
    public byte[] ToBytes()
    {
        var sizes = Shape.Dimensions.ToArray();
        var shape = sizes.Length == 1 ? $"({sizes[0]},)" : $"({string.Join(", ", sizes)})";
        var bytes = Type.BitWidth() / 8;
        var endianness = bytes == 1 ? '|' : '<';
        return Encoding.ASCII.GetBytes($"{{'descr': '{endianness}{KindOf(Type)}{bytes}', 'fortran_order': False, 'shape': {shape}, }}");
    }

    private static string Field(Regex pattern, string text, string name)
    {
        var match = pattern.Match(text);
        return match.Success
            ? match.Groups[1].Value
            : throw new InvalidTensorException($"its header has no '{name}' that can be read; structured arrays are not tensors.");
    }

    private static TensorShape ShapeOf(string tuple)
    {
        var parts = tuple.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (parts.Length > MaxRank) throw new InvalidTensorException($"it has {parts.Length} dimensions, more than the {MaxRank} that NumPy allows.");
        try
        {
            return new([.. parts.Select(static p => long.Parse(p, NumberStyles.None, CultureInfo.InvariantCulture))]);
        }
        catch (Exception error) when (error is FormatException or OverflowException or ArgumentOutOfRangeException)
        {
            throw new InvalidTensorException($"its shape ({tuple}) is not one that an array can have.", error);
        }
    }

    private static ElementType TypeOf(string descr) => descr[1..] switch
    {
        "b1" => ElementType.Bool,
        "u1" => ElementType.UInt8,
        "i1" => ElementType.Int8,
        "u2" => ElementType.UInt16,
        "i2" => ElementType.Int16,
        "u4" => ElementType.UInt32,
        "i4" => ElementType.Int32,
        "u8" => ElementType.UInt64,
        "i8" => ElementType.Int64,
        "f2" => ElementType.Float16,
        "f4" => ElementType.Float32,
        "f8" => ElementType.Float64,
        "c8" => ElementType.Complex64,
        "c16" => ElementType.Complex128,
        _ => throw new InvalidTensorException($"arrays of '{descr}' are not read; convert it to a number type, or save the tensor as an ONNX .pb file."),
    };

    private static char KindOf(ElementType type) => type switch
    {
        ElementType.Bool => 'b',
        ElementType.UInt8 or ElementType.UInt16 or ElementType.UInt32 or ElementType.UInt64 => 'u',
        ElementType.Int8 or ElementType.Int16 or ElementType.Int32 or ElementType.Int64 => 'i',
        ElementType.Float16 or ElementType.Float32 or ElementType.Float64 => 'f',
        ElementType.Complex64 or ElementType.Complex128 => 'c',
        _ => throw new NotSupportedException($"NumPy has no {type.DisplayName()}; save the tensor as an ONNX .pb file instead."),
    };

    [GeneratedRegex("""['"]descr['"]\s*:\s*['"]([<>=|][^'"]{1,16})['"]""")]
    private static partial Regex Descr();

    [GeneratedRegex("""['"]fortran_order['"]\s*:\s*(True|False)""")]
    private static partial Regex Order();

    [GeneratedRegex("""['"]shape['"]\s*:\s*\(([0-9,\s]*)\)""")]
    private static partial Regex ShapeTuple();
}
