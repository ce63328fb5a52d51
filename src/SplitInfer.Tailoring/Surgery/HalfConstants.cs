using SplitInfer.Models;
using SplitInfer.Models.Onnx;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Surgery;

/// <summary>Constants as float16.</summary>
internal static class HalfConstants
{
    /// <summary>The largest float16.</summary>
    public const float Largest = 65504;

    // Numbers below are stored with fewer bits.
    private const float LeastNormal = 6.1035156e-5f;

    /// <summary>A constant as float16.</summary>
    /// <exception cref="TransformationRefusedException">An element is beyond what float16 holds.</exception>
    public static TensorProto Of(GraphEdit edit, TensorProto constant, string name, string transformation)
    {
        using var tensor = TensorProtoReader.Read(constant);
        var elements = tensor.Span<float>();
        var largest = LargestOf(elements);
        if (!(largest <= Largest)) throw edit.Refusal(transformation, $"the weights '{constant.Name}' have {largest:G3}, and float16 holds at most {Largest}");
        var halves = new Half[elements.Length];
        System.Numerics.Tensors.TensorPrimitives.ConvertToHalf(elements, halves);
        return TensorProtos.Of<Half>(name, ElementType.Float16, halves, [.. constant.Dims]);
    }

    /// <summary>Whether every element keeps about as many digits as float16 has; not so for the tiny and the huge.</summary>
    public static bool Holds(TensorProto constant)
    {
        using var tensor = TensorProtoReader.Read(constant);
        foreach (var element in tensor.Span<float>())
            if (element != 0 && !(Math.Abs(element) is >= LeastNormal and <= Largest)) return false;
        return true;
    }

    /// <summary>Whether all elements are so small that float16 would store them with few bits.</summary>
    public static bool IsTiny(TensorProto constant)
    {
        using var tensor = TensorProtoReader.Read(constant);
        return LargestOf(tensor.Span<float>()) is > 0 and < LeastNormal * 64;
    }

    private static float LargestOf(ReadOnlySpan<float> elements)
    {
        var largest = 0f;
        foreach (var element in elements)
            if (!(Math.Abs(element) <= largest)) largest = Math.Abs(element);
        return largest;
    }
}
