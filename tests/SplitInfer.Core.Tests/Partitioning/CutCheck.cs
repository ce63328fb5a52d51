using System.Collections.Immutable;
using SplitInfer.Models.Onnx;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Execution;

namespace SplitInfer.Core.Tests.Partitioning;

/// <summary>What came of cutting models at every admissible place: how often, and every result that was not that of the whole.</summary>
internal sealed class CutCheck
{
    private const double FloatTolerance = 1e-4;
    private const int UnitsInTheLastPlace = 4;

    /// <summary>Sizes of the symbols that the random graphs use.</summary>
    private static readonly Dictionary<string, long> Sizes = new() { ["rows"] = 3, ["cols"] = 4 };

    private static readonly double HalfTolerance = UnitsInTheLastPlace * Math.ScaleB(1, -10);

    /// <summary>How many models were cut.</summary>
    public int Models { get; private set; }

    /// <summary>How many of them have an admissible cut with work on both sides.</summary>
    public int CutInside { get; private set; }

    /// <summary>How many cuts were run.</summary>
    public int Cuts { get; private set; }

    /// <summary>How many of them gave every bit of the whole.</summary>
    public int BitExact { get; private set; }

    /// <summary>How many models yield a number that is not finite when they run whole.</summary>
    public int NotFinite { get; private set; }

    /// <summary>What differed, a line for each cut.</summary>
    public List<string> Failures { get; } = [];

    /// <summary>Runs a model whole in ONNX Runtime alone, then head and tail of every admissible cut.</summary>
    public void Add(string name, byte[] bytes, Random random)
    {
        var declared = ModelProto.Parser.ParseFrom(bytes).Graph.Input;
        ImmutableArray<TensorValue> inputs = [.. declared.Select(input => Draw(input, random))];
        var expected = PlainRun.Of(bytes, [.. declared.Zip(inputs, static (input, value) => (input.Name, value))]);
        var model = SplitRun.Plan(bytes);
        Models++;
        if (!expected.All(IsFinite)) NotFinite++;
        if (model.Plan.Partitions[1..^1].Any(static p => p.IsAdmissible)) CutInside++;
        var tolerance = HasHalf(bytes) ? HalfTolerance : FloatTolerance;
        foreach (var partition in model.Plan.Partitions.Where(static p => p.IsAdmissible)) Add(name, model, partition, inputs, expected, tolerance);
    }

    /// <summary>Fails unless every cut gave the result of the whole, nearly all models could be cut inside, and the wholes were finite.</summary>
    public void AssertRight()
    {
        Assert.True(Failures.Count == 0, $"{this}{Environment.NewLine}{string.Join(Environment.NewLine, Failures.Take(20))}");
        Assert.Equal(0, NotFinite);
        Assert.True(CutInside * 10 >= Models * 9, ToString());
    }

    public override string ToString() => $"{Models} models, {CutInside} of them cut inside, {NotFinite} not finite; {Cuts} cuts, {BitExact} bit-exact, {Failures.Count} wrong";

    private void Add(string name, PartitionedModel model, Partition partition, ImmutableArray<TensorValue> inputs, TensorValue[] expected, double tolerance)
    {
        Cuts++;
        try
        {
            var actual = SplitRun.Cut(model, partition.Index, inputs);
            var differences = expected.Zip(actual, static (e, a) => (Tensor: e, Difference: TensorDifference.Between(e, a))).ToArray();
            if (differences.All(static d => d.Difference.IsBitExact)) BitExact++;
            var wrong = differences.FirstOrDefault(d => !d.Difference.IsWithin(ToleranceOf(d.Tensor.ElementType, tolerance)));
            if (wrong.Tensor is not null) Failures.Add($"{name}: partition {partition.Index} of {model.Plan.AllOnDevice.Index} ({string.Join(", ", partition.Boundary)}) differs by {wrong.Difference.MaxMixed:G3} in {wrong.Tensor}");
        }
        catch (SplitInferException error)
        {
            Failures.Add($"{name}: partition {partition.Index} of {model.Plan.AllOnDevice.Index} ({string.Join(", ", partition.Boundary)}): {error.Message}");
        }
    }

    /// <summary>Integers are to be the same; floats of 16 bits a few units in the last place off, others what another order of summation gives, or what such a float before them was off.</summary>
    private static double ToleranceOf(ElementType type, double float32) => type switch
    {
        ElementType.Float16 => HalfTolerance,
        ElementType.BFloat16 => UnitsInTheLastPlace * Math.ScaleB(1, -7),
        ElementType.Float32 or ElementType.Float64 => float32,
        _ => 0,
    };

    private static TensorValue Draw(ValueInfoProto input, Random random)
    {
        var type = input.Type.TensorType;
        return RandomTensor.Normal(random, (ElementType)type.ElemType, [.. type.Shape.Dim.Select(static d => d.DimParam.Length > 0 ? Sizes[d.DimParam] : d.DimValue)]);
    }

    private static bool HasHalf(byte[] bytes)
    {
        var graph = ModelProto.Parser.ParseFrom(bytes).Graph;
        return graph.Input.Any(static i => i.Type.TensorType.ElemType == (int)ElementType.Float16) || graph.Initializer.Any(static i => i.DataType == (int)ElementType.Float16);
    }

    private static bool IsFinite(TensorValue tensor)
    {
        Span<double> numbers = new double[tensor.Shape.ElementCount];
        ElementWidening.ToDouble(tensor.ElementType, tensor.Bytes.Span, numbers);
        foreach (var number in numbers)
            if (!double.IsFinite(number)) return false;
        return true;
    }
}
