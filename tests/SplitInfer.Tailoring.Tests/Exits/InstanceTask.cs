using SplitInfer.Models;
using SplitInfer.Models.Onnx;
using SplitInfer.Partitioning;
using SplitInfer.Segments;
using SplitInfer.Tailoring.Calibration;
using SplitInfer.Tailoring.Exits;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Tailoring.Tests.Exits;

/// <summary>
/// Which of 200 photographs a crop was taken from: a task with real images, real weights and labels. The model is SqueezeNet up to its last feature map, its mean, and a linear layer
/// that was taught with some crops of each photograph. It recognises instances and does not generalise to other photographs.
/// </summary>
internal static class InstanceTask
{
    private const int Photographs = 200, CropsToTeach = 8;

    private const double Penalty = 1e-3;

    /// <summary>Makes the model.</summary>
    public static PartitionedModel MakeModel() => PartitionedModel.From(OnnxModel.Parse(MakeFile()));

    /// <summary>Makes its file.</summary>
    public static byte[] MakeFile()
    {
        var proto = ModelProto.Parser.ParseFrom(File.ReadAllBytes(SharedData.Model("squeezenet_fp32.onnx")));
        var last = proto.Graph.Node.Last(static node => node.OpType == "Conv");
        var kept = proto.Graph.Node.TakeWhile(node => node != last).ToArray();
        proto.Graph.Node.Clear();
        proto.Graph.Node.AddRange(kept);
        proto.Graph.Node.Add(new NodeProto { Name = "mean", OpType = "GlobalAveragePool", Input = { last.Input[0] }, Output = { "means" } });
        proto.Graph.Node.Add(new NodeProto { Name = "flatten", OpType = "Flatten", Input = { "means" }, Output = { "features" } });
        proto.Graph.Output.Clear();
        proto.Graph.Output.Add(Output("features", null));
        var (weights, biases) = Teach(PartitionedModel.From(OnnxModel.Parse(Google.Protobuf.MessageExtensions.ToByteArray(proto))));
        proto.Graph.Node.Add(new NodeProto { Name = "classes", OpType = "Gemm", Input = { "features", "taught_weights", "taught_biases" }, Output = { "photograph" }, Attribute = { new AttributeProto { Name = "transB", I = 1, Type = AttributeProto.Types.AttributeType.Int } } });
        proto.Graph.Initializer.Add(Floats("taught_weights", weights, Photographs, weights.Length / Photographs));
        proto.Graph.Initializer.Add(Floats("taught_biases", biases, Photographs));
        proto.Graph.Output.Clear();
        proto.Graph.Output.Add(Output("photograph", Photographs));
        return Google.Protobuf.MessageExtensions.ToByteArray(proto);
    }

    private static (float[] Weights, float[] Biases) Teach(PartitionedModel features)
    {
        using var crops = new PhotographCrops(seed: 1, Photographs * CropsToTeach);
        using var whole = LoadedCut.Load(features, features.Plan.AllOnDevice.Index, new() { IntraOpThreads = 1 });
        var rows = new float[crops.Count][];
        for (var crop = 0; crop < rows.Length; crop++)
        {
            var inputs = crops.Read(crop, features.Plan.Inputs);
            var outputs = whole.Run(inputs);
            rows[crop] = outputs[0].Span<float>().ToArray();
            foreach (var tensor in inputs.Concat(outputs)) tensor.Dispose();
        }

        var (width, scale) = (rows[0].Length, (float)(1 / rows.Average(static row => row.Average(Math.Abs))));
        foreach (var row in rows) for (var i = 0; i < width; i++) row[i] *= scale;
        float[][] targets = [.. crops.Labels.Select(static label => Enumerable.Range(0, Photographs).Select(place => place == label ? 1f : 0f).ToArray())];
        var objective = new SoftmaxObjective(rows, targets, Penalty, Environment.ProcessorCount);
        var parameters = new float[(width + 1) * Photographs];
        LimitedMemoryBfgs.Minimize(parameters, 60, (place, gradient) => objective.Evaluate(place, gradient, CancellationToken.None));
        return ([.. parameters[..(width * Photographs)].Select(weight => weight * scale)], parameters[(width * Photographs)..]);
    }

    private static ValueInfoProto Output(string name, long? size)
    {
        var shape = new TensorShapeProto { Dim = { new TensorShapeProto.Types.Dimension { DimValue = 1 }, size is { } known ? new() { DimValue = known } : new TensorShapeProto.Types.Dimension { DimParam = "width" } } };
        return new() { Name = name, Type = new() { TensorType = new() { ElemType = (int)ElementType.Float32, Shape = shape } } };
    }

    private static TensorProto Floats(string name, float[] values, params long[] sizes) => new() { Name = name, DataType = (int)ElementType.Float32, Dims = { sizes }, FloatData = { values } };
}

/// <summary>Crops of photographs, drawn by a seed: half to all of the area, anywhere, mirrored or not, resampled to the size of the photograph. Sample n is of photograph n mod 200.</summary>
internal sealed class PhotographCrops : ISampleSource, IDisposable
{
    private const int Size = 224, Photographs = 200;

    private readonly SharedPhotographs _photographs = SharedPhotographs.Calibration();
    private readonly int _seed;

    public PhotographCrops(int seed, int count) => (_seed, Count, Labels) = (seed, count, [.. Enumerable.Range(0, count).Select(static n => n % Photographs)]);

    public int Count { get; }

    /// <summary>The photographs that crops are of.</summary>
    public int[] Labels { get; }

    public TensorValue[] Read(int sample, IReadOnlyList<TensorSpec> inputs)
    {
        var random = new Random(unchecked((_seed * 1_000_003) + sample));
        using var whole = _photographs.Read(Labels[sample], inputs)[0];
        var side = Size * Math.Sqrt(0.5 + (random.NextDouble() / 2));
        var (left, top, isMirrored) = (random.NextDouble() * (Size - side), random.NextDouble() * (Size - side), random.Next(2) == 1);
        var crop = TensorValue.Allocate(ElementType.Float32, whole.Shape);
        var from = whole.Span<float>();
        var to = crop.Span<float>();
        for (var y = 0; y < Size; y++)
        {
            var (row, down) = Place(top + ((y + 0.5) * side / Size) - 0.5);
            for (var x = 0; x < Size; x++)
            {
                var (column, right) = Place(left + (((isMirrored ? Size - 1 - x : x) + 0.5) * side / Size) - 0.5);
                for (var plane = 0; plane < to.Length; plane += Size * Size)
                {
                    var at = plane + (row * Size) + column;
                    var (upper, lower) = (Between(from[at], from[at + 1], right), Between(from[at + Size], from[at + Size + 1], right));
                    to[plane + (y * Size) + x] = Between(upper, lower, down);
                }
            }
        }

        return [crop];
    }

    public void Dispose() => _photographs.Dispose();

    private static (int First, float Part) Place(double at)
    {
        var within = Math.Clamp(at, 0, Size - 1.001);
        return ((int)within, (float)(within - (int)within));
    }

    private static float Between(float a, float b, float part) => a + (part * (b - a));
}
